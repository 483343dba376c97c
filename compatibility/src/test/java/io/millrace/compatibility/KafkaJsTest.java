package io.millrace.compatibility;

/** KafkaJS, a client written in JavaScript. */
final class KafkaJsTest extends ClientSuite {
    KafkaJsTest() {
        super(client());
    }

    static ProgramClient client() {
        return ProgramClient.javaScript("kafkajs", "kafkajs.mjs", "kafkajs");
    }
}
