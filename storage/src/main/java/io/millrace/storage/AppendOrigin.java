package io.millrace.storage;

/** Who hands batches to a log; decides what is checked and whether offsets are assigned. */
public enum AppendOrigin {
    /** A produce request: one batch, everything checked, offsets assigned. */
    CLIENT,
    /** A coordinator on this broker: records or transaction markers, sequences not checked, offsets assigned. */
    COORDINATOR,
    /** A fetch from the leader: offsets and epochs are the leader's and stay. */
    REPLICATION,
    /** The leader of the metadata quorum: batches already carry its epoch, offsets assigned, size not limited. */
    RAFT_LEADER
}
