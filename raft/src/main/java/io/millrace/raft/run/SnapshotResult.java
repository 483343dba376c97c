package io.millrace.raft.run;

/** What became of a snapshot that was asked for. */
public sealed interface SnapshotResult {
    /** It is on stable storage. */
    record Written(long sizeBytes) implements SnapshotResult {}

    /** There was nothing to do: this snapshot or a later one exists, or another is being written. */
    record NotNeeded() implements SnapshotResult {}

    /** It could not be written; the log is not affected, and another attempt may be made. */
    record Failed(Exception cause) implements SnapshotResult {}
}
