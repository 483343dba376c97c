package io.millrace.server.fetch;

import io.millrace.protocol.messages.FetchRequest;
import io.millrace.records.TopicPartition;
import io.millrace.replication.run.FollowerRest;
import io.millrace.server.partitions.BrokerLane;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What one client follows across its fetches (KIP-227): partitions in the order in which they are served next. Those of a follower that rest
 * are left out of its fetches until something happens to them, so that a fetch costs what changed.
 */
public final class FetchSession {
    /** A fetch of the session that is not answered yet. */
    public interface UnderWay {
        /** A partition that rested has something for it. */
        void grew(FollowedPartition partition);

        /** Another fetch has come: it is answered with what there is. */
        void superseded();
    }

    private final int id;
    private final boolean byTopicId;
    private final boolean isOfReplica;
    private final LinkedHashMap<FollowedPartition.Key, FollowedPartition> awake = new LinkedHashMap<>();
    private final Map<FollowedPartition.Key, FollowedPartition> resting = new LinkedHashMap<>();
    private final List<RestingShare> shares = new ArrayList<>(1);
    private int nextEpoch = 1;
    private long lastUsedMs;
    private int brokerId = -1;
    private long brokerEpoch = -1;
    private int underWayCount;
    private @Nullable UnderWay newest;

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

    /** Takes what a request says of partitions; they are looked at. */
    void update(FetchRequest request, long nowMs) {
        for (var topic : request.forgottenTopicsData())
            for (int partition : topic.partitions())
                forget(new FollowedPartition.Key(topic.topic(), topic.topicId(), partition));
        forEachWanted(request, (key, wanted) -> {
            FollowedPartition known = resting.remove(key);
            if (known != null) awake.put(key, known);
            else known = awake.get(key);
            if (known == null) awake.put(key, new FollowedPartition(key, wanted));
            else known.update(wanted);
        });
        fetchedBy(FetchSessions.replicaIdOf(request), request.replicaState().replicaEpoch(), nowMs);
    }

    private void forget(FollowedPartition.Key key) {
        FollowedPartition gone = awake.remove(key);
        if (gone == null) gone = resting.remove(key);
        RestingShare.Resting rest = gone == null ? null : gone.rest();
        if (rest != null) rest.share().forget(rest);
    }

    /** Another life of the broker may have another log than the one that was told all this. */
    private void fetchedBy(int broker, long epoch, long nowMs) {
        if (broker != brokerId || epoch != brokerEpoch) endRests();
        brokerId = broker;
        brokerEpoch = epoch;
        for (RestingShare share : shares) share.fetched(nowMs);
    }

    /** What has to be looked at, in serving order; the list is the caller's. */
    List<FollowedPartition> due() {
        return new ArrayList<>(awake.values());
    }

    int size() {
        return awake.size() + resting.size();
    }

    /** Those that were sent records go to the end of the order, so that each gets its turn when answers are full. */
    public void served(List<FollowedPartition> gotRecords) {
        for (FollowedPartition partition : gotRecords) {
            if (awake.remove(partition.key(), partition)) awake.put(partition.key(), partition);
        }
    }

    // Fetches under way

    /** A fetch of it begins; an earlier one that waits is not waited for. */
    void begins(UnderWay fetch) {
        underWayCount++;
        UnderWay before = newest;
        newest = fetch;
        if (before != null) before.superseded();
    }

    /** The fetch is answered, or will not be. */
    void ends(UnderWay fetch) {
        underWayCount--;
        if (fetch.equals(newest)) newest = null;
    }

    boolean isInUse() {
        return underWayCount > 0;
    }

    // Rests

    /** Whether there are partitions that rest, for which a fetch may wait. */
    boolean hasResting() {
        return !resting.isEmpty();
    }

    /**
     * What is told when a partition that was looked at, and then rests, has to be looked at again; null if it has to be looked at with each fetch, as it
     * is not a follower that fetches.
     */
    public @Nullable FollowerRest restOf(FollowedPartition followed, TopicPartition name, BrokerLane home) {
        if (!isOfReplica || brokerId < 0) return null;
        BrokerLane owner = home.ownerOf(name);
        RestingShare.Resting known = followed.rest();
        if (known != null && known.name().equals(name)) return known;
        if (known != null) known.share().forget(known);
        RestingShare.Resting rest = shareOf(owner, home).of(name, followed);
        followed.rest(rest);
        return rest;
    }

    /** Whether nothing has rested on another lane. */
    boolean restsOnlyOn(BrokerLane owner) {
        for (RestingShare share : shares) if (share.owner() != owner) return false;
        return true;
    }

    private RestingShare shareOf(BrokerLane owner, BrokerLane home) {
        for (RestingShare share : shares) if (share.owner() == owner) return share;
        RestingShare share = new RestingShare(this, home, owner, brokerId, brokerEpoch, lastUsedMs);
        shares.add(share);
        return share;
    }

    /** The partition was found to rest, and the answer to the fetch under way says so. Nothing comes of a rest that has been given up meanwhile. */
    void rests(FollowedPartition followed, @Nullable FollowerRest rest) {
        if (rest != followed.rest()) return;
        if (awake.remove(followed.key(), followed)) resting.put(followed.key(), followed);
    }

    /** The partitions are to be looked at by the next fetch, as the answer to this one does not say what was found. */
    void wake(List<FollowedPartition> partitions) {
        for (FollowedPartition partition : partitions) wake(partition);
    }

    /** The partition is to be looked at by the next fetch, if it is still followed. */
    void wake(FollowedPartition followed) {
        if (resting.remove(followed.key(), followed)) awake.put(followed.key(), followed);
    }

    /** Something happened to a partition. It may have been woken already, and not be in the fetch under way. */
    void restEnded(FollowedPartition followed, boolean isUrgent) {
        wake(followed);
        boolean isFollowed = followed.equals(awake.get(followed.key()));
        if (isUrgent && isFollowed && newest != null) newest.grew(followed);
    }

    /** Everything is to be looked at by the next fetch, and the partitions' lanes say nothing more. */
    void endRests() {
        awake.putAll(resting);
        resting.clear();
        for (RestingShare share : shares) {
            List<RestingShare.Resting> known = new ArrayList<>();
            for (FollowedPartition followed : awake.values()) {
                RestingShare.Resting rest = followed.rest();
                if (rest != null && rest.share() == share) known.add(rest);
            }
            share.end(known);
        }
        shares.clear();
        for (FollowedPartition followed : awake.values()) followed.rest(null);
    }

    // Requests

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
