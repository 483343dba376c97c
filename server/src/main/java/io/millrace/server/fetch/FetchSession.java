package io.millrace.server.fetch;

import io.millrace.protocol.messages.FetchRequest;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What one client follows across its fetches (KIP-227): partitions in the order in which they are served next. */
public final class FetchSession {
    private final int id;
    private final boolean byTopicId;
    private final LinkedHashMap<FollowedPartition.Key, FollowedPartition> followed = new LinkedHashMap<>();
    private int nextEpoch = 1;
    private long lastUsedMs;
    private final boolean isOfReplica;

    FetchSession(int id, boolean byTopicId, boolean isOfReplica, long nowMs) {
        this.isOfReplica = isOfReplica;
        this.id = id;
        this.byTopicId = byTopicId;
        this.lastUsedMs = nowMs;
    }

    /** The id the client names it by, at least 1. */
    public int id() {
        return id;
    }

    /** Whether a follower uses it. */
    boolean isOfReplica() {
        return isOfReplica;
    }

    boolean byTopicId() {
        return byTopicId;
    }

    int nextEpoch() {
        return nextEpoch;
    }

    long lastUsedMs() {
        return lastUsedMs;
    }

    /** Takes the epoch of an incremental request: the one after it is expected next, 1 after the largest. */
    void used(long nowMs) {
        nextEpoch = after(nextEpoch);
        lastUsedMs = nowMs;
    }

    static int after(int epoch) {
        return epoch == Integer.MAX_VALUE ? 1 : epoch + 1;
    }

    void update(FetchRequest request) {
        for (var topic : request.forgottenTopicsData())
            for (int partition : topic.partitions())
                followed.remove(new FollowedPartition.Key(topic.topic(), topic.topicId(), partition));
        forEachWanted(request, (key, wanted) -> {
            FollowedPartition known = followed.get(key);
            if (known == null) followed.put(key, new FollowedPartition(key, wanted));
            else known.update(wanted);
        });
    }

    /** What is followed now, in serving order. */
    List<FollowedPartition> followed() {
        return List.copyOf(followed.values());
    }

    int size() {
        return followed.size();
    }

    /** Those that were sent records go to the end of the order, so that each gets its turn when answers are full. */
    public void served(List<FollowedPartition> gotRecords) {
        for (FollowedPartition partition : gotRecords) {
            if (followed.remove(partition.key(), partition)) followed.put(partition.key(), partition);
        }
    }

    /** Reads the partitions of a request that stands alone; one named twice counts once, as last named. */
    static List<FollowedPartition> wanted(FetchRequest request) {
        Map<FollowedPartition.Key, FollowedPartition> wanted = new LinkedHashMap<>();
        forEachWanted(request, (key, partition) -> wanted.put(key, new FollowedPartition(key, partition)));
        return new ArrayList<>(wanted.values());
    }

    private interface EachWanted {
        void accept(FollowedPartition.Key key, FetchRequest.FetchPartition wanted);
    }

    private static void forEachWanted(FetchRequest request, EachWanted each) {
        for (var topic : request.topics())
            for (var partition : topic.partitions())
                each.accept(
                        new FollowedPartition.Key(topic.topic(), topic.topicId(), partition.partition()), partition);
    }
}
