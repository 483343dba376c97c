package io.millrace.raft;

import io.millrace.records.OffsetAndEpoch;
import io.millrace.storage.LeaderEpochs;
import java.util.List;
import java.util.Optional;

/** What a replica has to know of its log to decide: where it begins and ends, and which epochs wrote it. */
public interface LogOutline {
    /**
     * An offset from which on the log is whole, and the epoch of the record before it, which the snapshot that ends there holds; 0
     * and 0 of a log that has all there ever was.
     */
    OffsetAndEpoch start();

    /** The next offset, and the epoch of the record before it. */
    OffsetAndEpoch end();

    /** The epochs that wrote the log, perhaps some before {@link #start()}, too, each with its first offset, oldest first. */
    List<LeaderEpochs.Entry> epochs();

    /** End offset and epoch of the latest snapshot that a replica may fetch. */
    Optional<OffsetAndEpoch> latestSnapshot();

    /**
     * The latest epoch of this log that is at most a given one, and the offset its records end at.
     *
     * @param epoch at least that of {@link #start()}
     */
    default OffsetAndEpoch endOfEpoch(int epoch) {
        int found = start().leaderEpoch();
        for (LeaderEpochs.Entry entry : epochs()) {
            if (entry.epoch() > epoch) return new OffsetAndEpoch(entry.startOffset(), found);
            found = Math.max(found, entry.epoch());
        }
        return new OffsetAndEpoch(end().offset(), found);
    }
}
