package io.millrace.compatibility;

/** kcat, a command line on librdkafka. */
final class KcatTest extends ClientSuite {
    KcatTest() {
        super(new KcatClient());
    }
}
