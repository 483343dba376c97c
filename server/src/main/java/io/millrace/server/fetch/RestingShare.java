package io.millrace.server.fetch;

import io.millrace.records.TopicPartition;
import io.millrace.replication.run.FollowerRest;
import io.millrace.replication.run.LeaderPartition;
import io.millrace.server.partitions.BrokerLane;
import java.util.List;

/**
 * What rests of a follower's session on one lane: partitions of which the follower has everything, so that its fetches need not look at them. The
 * partitions' lane tells the connection's lane when there is something to be looked at.
 */
final class RestingShare {
    private final FetchSession session;
    private final BrokerLane home;
    private final BrokerLane owner;
    private final int brokerId;
    private final long brokerEpoch;
    /** Belongs to the owner's lane. */
    private long fetchedAtMs;
    /** Belongs to the connection's lane: the session takes no more notice. */
    private boolean isOver;

    RestingShare(
            FetchSession session, BrokerLane home, BrokerLane owner, int brokerId, long brokerEpoch, long fetchedAtMs) {
        this.session = session;
        this.home = home;
        this.owner = owner;
        this.brokerId = brokerId;
        this.brokerEpoch = brokerEpoch;
        this.fetchedAtMs = fetchedAtMs;
    }

    BrokerLane owner() {
        return owner;
    }

    /** The follower has fetched, and by that said again that it has what it had. */
    void fetched(long nowMs) {
        owner.run(() -> fetchedAtMs = nowMs);
    }

    /** One partition, before it rests for the first time. */
    Resting of(TopicPartition name, FollowedPartition followed) {
        return new Resting(name, followed);
    }

    /** The session has to do with the partition no more. */
    void forget(Resting one) {
        owner.run(() -> {
            one.isForgotten = true;
            LeaderPartition partition = owner.partitions().find(one.name);
            if (partition != null) partition.forgetRest(one);
        });
    }

    /** Nothing of it rests any more. */
    void end(List<Resting> known) {
        isOver = true;
        for (Resting each : known) forget(each);
    }

    /** One partition; it may rest many times. */
    final class Resting implements FollowerRest {
        private final TopicPartition name;
        private final FollowedPartition followed;
        /** Belongs to the owner's lane. A fetch that is over may still have it looked at there. */
        private boolean isForgotten;

        private Resting(TopicPartition name, FollowedPartition followed) {
            this.name = name;
            this.followed = followed;
        }

        TopicPartition name() {
            return name;
        }

        RestingShare share() {
            return RestingShare.this;
        }

        @Override
        public int brokerId() {
            return brokerId;
        }

        @Override
        public long brokerEpoch() {
            return brokerEpoch;
        }

        @Override
        public long fetchedAtMs() {
            return fetchedAtMs;
        }

        @Override
        public boolean isForgotten() {
            return isForgotten;
        }

        @Override
        public void ended(boolean isUrgent) {
            home.run(() -> {
                if (!isOver) session.restEnded(followed, isUrgent);
            });
        }
    }
}
