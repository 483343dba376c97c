package io.millrace.simulator;

import io.millrace.simulator.scenario.TransactionStory;
import java.util.ArrayList;
import java.util.List;

/**
 * Tells {@link TransactionStory} by a server that takes transactional records. Ours refuses them, as nobody would end their
 * transactions; its logs, fetches and markers know what to do with them.
 */
final class TransactionStories {
    private static final String PRODUCE = "server.handlers.ProduceHandler";
    private static final List<ClassChange> OPENED = List.of(
            new ClassChange(PRODUCE, "", "", "transactionalId", 0),
            new ClassChange(PRODUCE, "", "", "isTransactional", 0));

    private TransactionStories() {}

    /** By the client as it is. */
    static Stories whole() {
        return new Stories(TransactionStory.class, OPENED);
    }

    /** By a client with a mistake. */
    static Stories with(ClassChange mistake) {
        List<ClassChange> changes = new ArrayList<>(OPENED);
        changes.add(mistake);
        return new Stories(TransactionStory.class, changes);
    }
}
