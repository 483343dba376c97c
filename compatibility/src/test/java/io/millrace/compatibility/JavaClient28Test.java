package io.millrace.compatibility;

/** The official Java client 2.8. */
final class JavaClient28Test extends ClientSuite {
    JavaClient28Test() {
        super(ProgramClient.olderJava("java-2.8"));
    }
}
