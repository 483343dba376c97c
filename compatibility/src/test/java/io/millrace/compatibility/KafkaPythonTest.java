package io.millrace.compatibility;

/** kafka-python, a client written in Python. */
final class KafkaPythonTest extends ClientSuite {
    KafkaPythonTest() {
        super(client());
    }

    static ProgramClient client() {
        return ProgramClient.python("python-kafka", "kafka_python.py", "kafka");
    }
}
