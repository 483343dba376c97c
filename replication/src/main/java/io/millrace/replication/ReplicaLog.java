package io.millrace.replication;

import io.millrace.records.OffsetAndEpoch;
import java.util.Optional;

/** What a replica has to know of its log to decide. The answers are those of the moment. */
public interface ReplicaLog {
    /** First offset that is kept. */
    long logStartOffset();

    /** Next offset to be written. */
    long logEndOffset();

    /** The newest leader epoch that is known to the log, with records or (of a leader that has just begun) without; -1 if none is. */
    int latestEpoch();

    /**
     * Where the records of an epoch end (KIP-101, KIP-279): the largest epoch known that is at most the wanted one, and the offset at which
     * the next one begins; for an epoch before all that are known, that epoch and where the first known one begins.
     *
     * @param epoch at least 0
     * @return empty if no epoch is known, or only older ones
     */
    Optional<OffsetAndEpoch> endOffsetForEpoch(int epoch);
}
