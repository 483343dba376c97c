package io.millrace.raft.run;

/** What became of records handed to the metadata log. */
public sealed interface AppendResult {
    /**
     * They are in the log, as one batch that is committed as a whole or not at all; {@link QuorumListener#onCommitted}
     * says when.
     *
     * @param baseOffset offset of the first record
     * @param lastOffset offset of the last record
     */
    record Appended(long baseOffset, long lastOffset) implements AppendResult {}

    /** Nothing was written: this node does not lead in that epoch. */
    record NotLeader(int currentEpoch) implements AppendResult {}

    /** Nothing was written: the disk of the metadata log is full. Leadership is not affected. */
    record NoSpace() implements AppendResult {}

    /** Nothing was written: they do not fit one batch. Leadership is not affected. */
    record TooLarge(int batchBytes, int maxBatchBytes) implements AppendResult {}
}
