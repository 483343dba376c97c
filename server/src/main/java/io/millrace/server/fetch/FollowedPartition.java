package io.millrace.server.fetch;

import io.millrace.protocol.Uuid;
import io.millrace.protocol.messages.FetchRequest;
import org.jspecify.annotations.Nullable;

/**
 * One partition a client asks for, with what was last told of it. Outside a session it lives for one request; within one,
 * until the client forgets it.
 */
public final class FollowedPartition {
    /** What tells partitions apart: by id from version 13 on, by name before (the other is then empty). */
    public record Key(String topic, Uuid topicId, int partition) {}

    private final Key key;
    private long fetchOffset;
    private int currentLeaderEpoch;
    private int lastFetchedEpoch;
    private long followersLogStartOffset;
    private int maxBytes;
    private long toldHighWatermark = -1;
    private long toldLogStartOffset = -1;
    private RestingShare.@Nullable Resting rest;

    FollowedPartition(Key key, FetchRequest.FetchPartition wanted) {
        this.key = key;
        update(wanted);
    }

    void update(FetchRequest.FetchPartition wanted) {
        fetchOffset = wanted.fetchOffset();
        currentLeaderEpoch = wanted.currentLeaderEpoch();
        lastFetchedEpoch = wanted.lastFetchedEpoch();
        maxBytes = wanted.partitionMaxBytes();
        followersLogStartOffset = wanted.logStartOffset();
    }

    /** Which partition. */
    public Key key() {
        return key;
    }

    /** The first offset wanted. */
    public long fetchOffset() {
        return fetchOffset;
    }

    /** The leader epoch the client believes in; -1 if it has no opinion. */
    public int currentLeaderEpoch() {
        return currentLeaderEpoch;
    }

    /** The epoch of the last record the client has; -1 if it does not say. */
    public int lastFetchedEpoch() {
        return lastFetchedEpoch;
    }

    /** Where the log of a follower that fetches starts; -1 from anybody else. */
    public long followersLogStartOffset() {
        return followersLogStartOffset;
    }

    /** The most bytes wanted of this partition, a soft limit. */
    public int maxBytes() {
        return maxBytes;
    }

    /** What tells the session of it when it has rested; null before it rests for the first time. */
    RestingShare.@Nullable Resting rest() {
        return rest;
    }

    void rest(RestingShare.@Nullable Resting newRest) {
        rest = newRest;
    }

    /**
     * Whether an incremental answer has to mention this partition: there are records or an error, or a watermark differs from
     * what was told. Remembers what is told.
     */
    public boolean isNews(boolean hasRecords, boolean hasError, long highWatermark, long logStartOffset) {
        boolean news =
                hasRecords || hasError || highWatermark != toldHighWatermark || logStartOffset != toldLogStartOffset;
        // After an error the next good answer is news again, whatever its watermarks.
        toldHighWatermark = hasError ? -1 : highWatermark;
        toldLogStartOffset = hasError ? -1 : logStartOffset;
        return news;
    }
}
