package io.millrace.server.partitions;

import io.millrace.metadata.MetadataImage;
import io.millrace.protocol.Uuid;
import io.millrace.replication.run.FollowerPartition;

/** Brings the followers of one lane what their leaders have. Touched only on that lane. */
public interface LeaderFetches {
    /**
     * The partition's records are to be fetched from a broker, in the leadership that the follower follows. Called again when the leader or its
     * epoch changes.
     *
     * @param leaderBroker another broker than this one
     */
    void follow(Uuid topicId, FollowerPartition partition, int leaderBroker);

    /** The partition is not followed here any longer, or has no leader; nothing more is handed to it. No effect if it was not followed. */
    void leave(FollowerPartition partition);

    /** Says where brokers are, and what this one's epoch is. */
    void brokersChanged(MetadataImage image);

    /** The rate that throttled followers keep to is another one. */
    void throttleChanged();

    /** Followers get nothing any more. */
    void close();
}
