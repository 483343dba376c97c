package io.millrace.compatibility;

/** The official Java client 4.4.0. */
final class JavaClient44Test extends ClientSuite {
    JavaClient44Test() {
        super(ProgramClient.currentJava());
    }
}
