package io.millrace.cli.produce;

import io.millrace.cli.terminal.Counts;
import io.millrace.client.producer.Producer;
import java.util.Locale;

/** Puts the records of a run into transactions, one after the other, and counts what was committed. */
final class RecordTransactions {
    private final Producer<?, ?> producer;
    private final long size;
    private boolean isOpen;
    private long recordsInOpen;
    private long committedRecords;
    private long committed;
    private long abortedRecords;

    /**
     * None is open yet.
     *
     * @param size records of a transaction, from 1; the last one may have fewer
     */
    RecordTransactions(Producer<?, ?> producer, long size) {
        this.producer = producer;
        this.size = size;
    }

    void initialize() {
        producer.initTransactions();
    }

    void beginIfNoneIsOpen() {
        if (isOpen) return;
        producer.beginTransaction();
        isOpen = true;
    }

    /** A record was handed to the producer. */
    void sent() {
        recordsInOpen++;
        if (recordsInOpen >= size) commit();
    }

    void commit() {
        if (!isOpen) return;
        producer.commitTransaction();
        committed++;
        committedRecords += recordsInOpen;
        over();
    }

    void abort() {
        if (!isOpen) return;
        producer.abortTransaction();
        abortedRecords += recordsInOpen;
        over();
    }

    private void over() {
        isOpen = false;
        recordsInOpen = 0;
    }

    /** What came of it, in words that a destination may follow. */
    @Override
    public String toString() {
        String words = "Committed " + Counts.of(committedRecords, "record", "records") + " in "
                + Counts.of(committed, "transaction", "transactions");
        if (abortedRecords > 0) words += String.format(Locale.ROOT, ", aborted %,d", abortedRecords);
        if (isOpen) words += String.format(Locale.ROOT, ", left %,d undecided", recordsInOpen);
        return words;
    }
}
