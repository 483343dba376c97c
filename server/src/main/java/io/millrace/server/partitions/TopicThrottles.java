package io.millrace.server.partitions;

import io.millrace.metadata.ConfigResource;
import io.millrace.metadata.MetadataImage;
import io.millrace.metadata.PartitionImage;
import io.millrace.replication.ThrottledReplicas;
import java.util.Map;

/** Which of a broker's replicas of one topic keep to the replication throttles (KIP-73). */
record TopicThrottles(int brokerId, ThrottledReplicas ofLeader, ThrottledReplicas ofFollower) {
    static final TopicThrottles NONE = new TopicThrottles(-1, ThrottledReplicas.NONE, ThrottledReplicas.NONE);

    /** What the image says; only the topic itself can have it. */
    static TopicThrottles of(String topic, MetadataImage image, int brokerId) {
        Map<String, String> own = image.configs().of(ConfigResource.topic(topic));
        return new TopicThrottles(
                brokerId,
                ThrottledReplicas.of(own.get("leader.replication.throttled.replicas"), brokerId),
                ThrottledReplicas.of(own.get("follower.replication.throttled.replicas"), brokerId));
    }

    /** Whether those who follow a partition that is led here are held back until they are in sync. */
    boolean holdsFollowersOf(int partition) {
        return ofLeader.has(partition);
    }

    /** Whether the follower here is, which it is not while it is in sync. */
    boolean holdsFollower(int partition, PartitionImage image) {
        return ofFollower.has(partition) && !image.isr().contains(brokerId);
    }
}
