package io.millrace.client;

/** Which node has to answer a request. */
sealed interface Destination {
    /** Any node that is up. */
    record AnyNode() implements Destination {}

    /** The controller, or in a KRaft cluster whatever broker the metadata names as the way to it. */
    record Controller() implements Destination {}

    /** The broker of that id. */
    record Broker(int id) implements Destination {}

    /** The broker that coordinates that group. */
    record GroupCoordinator(String groupId) implements Destination {}

    /** The broker that coordinates the transactions of that id. */
    record TransactionCoordinator(String transactionalId) implements Destination {}
}
