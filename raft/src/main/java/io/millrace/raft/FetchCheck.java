package io.millrace.raft;

import io.millrace.records.OffsetAndEpoch;
import java.util.Optional;

/** How a replica's log lies to its leader's, by where the replica's ends (KIP-595, KIP-630). */
sealed interface FetchCheck {
    /** Everything the replica has, the leader has too. */
    record Agrees() implements FetchCheck {}

    /** The replica has something the leader does not have. */
    record Diverges(OffsetAndEpoch endOfEpoch) implements FetchCheck {}

    /** The leader's log begins after what the replica has. */
    record NeedsSnapshot(OffsetAndEpoch snapshotId) implements FetchCheck {}

    /**
     * Compares them.
     *
     * @param fetcher where the replica's log ends
     * @param log the leader's
     */
    static FetchCheck of(OffsetAndEpoch fetcher, LogOutline log) {
        OffsetAndEpoch start = log.start();
        boolean isBeforeStart = fetcher.offset() < start.offset()
                || fetcher.leaderEpoch() < start.leaderEpoch()
                || (fetcher.offset() == start.offset() && fetcher.leaderEpoch() != start.leaderEpoch());
        Optional<OffsetAndEpoch> snapshot = log.latestSnapshot();
        if (isBeforeStart && snapshot.isPresent()) return new NeedsSnapshot(snapshot.get());
        OffsetAndEpoch end = log.endOfEpoch(fetcher.leaderEpoch());
        if (end.leaderEpoch() != fetcher.leaderEpoch() || end.offset() < fetcher.offset()) return new Diverges(end);
        return new Agrees();
    }

    /**
     * Where a replica has to cut its log.
     *
     * @param leadersEnd what {@link Diverges} said
     * @param log the replica's
     * @return an offset that may lie before the log's start
     */
    static long cutAt(OffsetAndEpoch leadersEnd, LogOutline log) {
        if (leadersEnd.leaderEpoch() < log.start().leaderEpoch())
            return Math.min(leadersEnd.offset(), log.start().offset());
        OffsetAndEpoch own = log.endOfEpoch(leadersEnd.leaderEpoch());
        return own.leaderEpoch() == leadersEnd.leaderEpoch()
                ? Math.min(own.offset(), leadersEnd.offset())
                : own.offset();
    }
}
