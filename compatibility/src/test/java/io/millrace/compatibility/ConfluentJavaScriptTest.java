package io.millrace.compatibility;

/** Confluent's JavaScript client, on a current librdkafka. */
final class ConfluentJavaScriptTest extends ClientSuite {
    ConfluentJavaScriptTest() {
        super(client());
    }

    static ProgramClient client() {
        return ProgramClient.javaScript("confluent-javascript", "confluent.mjs", "@confluentinc/kafka-javascript");
    }
}
