package io.millrace.compatibility;

/** The official Java client 3.9; its groups rebalance cooperatively. */
final class JavaClient39Test extends ClientSuite {
    JavaClient39Test() {
        super(ProgramClient.olderJava("java-3.9").cooperative());
    }
}
