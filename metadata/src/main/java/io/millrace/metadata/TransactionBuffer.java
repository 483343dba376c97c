package io.millrace.metadata;

import io.millrace.protocol.messages.MetadataRecordType;
import java.util.ArrayList;
import java.util.List;

/**
 * Holds the records of an open metadata transaction back until it ends (KIP-868): between a BeginTransactionRecord and its EndTransactionRecord nothing counts,
 * and after an AbortTransactionRecord it never did.
 */
public final class TransactionBuffer {
    private final List<VersionedRecord> held = new ArrayList<>();
    private boolean isOpen;

    /** Whether a transaction has begun and not ended. */
    public boolean isOpen() {
        return isOpen;
    }

    /**
     * Takes more of the log in.
     *
     * @param records in the order of the log
     * @return the records that count now, in order, without those that begin and end transactions
     * @throws IllegalStateException if a transaction begins within another, or one ends that did not begin
     */
    public List<VersionedRecord> accept(List<VersionedRecord> records) {
        List<VersionedRecord> ready = new ArrayList<>(records.size());
        for (VersionedRecord record : records) {
            MetadataRecordType type = record.message().recordType();
            switch (type) {
                case BEGIN_TRANSACTION_RECORD -> {
                    if (isOpen) throw new IllegalStateException("a metadata transaction begins within another");
                    isOpen = true;
                }
                case END_TRANSACTION_RECORD -> {
                    requireOpen(type);
                    ready.addAll(held);
                    close();
                }
                case ABORT_TRANSACTION_RECORD -> {
                    requireOpen(type);
                    close();
                }
                default -> (isOpen ? held : ready).add(record);
            }
        }
        return ready;
    }

    private void requireOpen(MetadataRecordType type) {
        if (!isOpen) throw new IllegalStateException("the metadata log has " + type + " outside a transaction");
    }

    private void close() {
        held.clear();
        isOpen = false;
    }
}
