package io.millrace.compatibility;

/** Confluent's Python client, on librdkafka. */
final class ConfluentPythonTest extends ClientSuite {
    ConfluentPythonTest() {
        super(client());
    }

    static ProgramClient client() {
        return ProgramClient.python("python-confluent", "confluent_python.py", "confluent_kafka");
    }
}
