package io.millrace.replication;

import io.millrace.records.OffsetAndEpoch;
import java.util.Optional;

/**
 * Where a follower's log is to be cut so that it holds nothing its leader does not have (KIP-279).
 *
 * @param offset   from the log start or before it to the log end
 * @param isAgreed whether the logs agree up to there; if not, the leader has to be asked for an earlier epoch: it does not know the ones in between,
 *     and this log not the one the leader named
 */
record Truncation(long offset, boolean isAgreed) {
    /**
     * Compares an answer of the leader with the own log.
     *
     * @param leadersEnd the leader's largest epoch that is at most the one asked for, and where it ends there
     */
    static Truncation of(OffsetAndEpoch leadersEnd, ReplicaLog log) {
        long end = log.logEndOffset();
        Optional<OffsetAndEpoch> own = log.endOffsetForEpoch(leadersEnd.leaderEpoch());
        if (own.isEmpty()) return new Truncation(Math.min(leadersEnd.offset(), end), true);
        if (own.get().leaderEpoch() != leadersEnd.leaderEpoch())
            return new Truncation(Math.min(own.get().offset(), end), false);
        return new Truncation(Math.min(Math.min(own.get().offset(), leadersEnd.offset()), end), true);
    }
}
