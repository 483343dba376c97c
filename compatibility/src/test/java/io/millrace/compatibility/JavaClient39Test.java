package io.millrace.compatibility;

/** The official Java client 3.9. */
final class JavaClient39Test extends ClientSuite {
    JavaClient39Test() {
        super(ProgramClient.olderJava("java-3.9"));
    }
}
