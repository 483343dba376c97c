package io.millrace.server.partitions;

import io.millrace.metadata.BrokerImage;
import io.millrace.protocol.ErrorCode;
import io.millrace.replication.KnownBrokers;
import io.millrace.replication.run.LeaderPartition;
import java.util.Optional;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/** Sends consumers from the leader to the replica in their own rack (KIP-392). */
public final class NearestReplica {
    private NearestReplica() {}

    /**
     * Looks for a nearer replica than the leader's, on the partition's lane.
     *
     * @return what the consumer is told instead of records; null if it is to read here, or be refused here
     */
    public static @Nullable PartitionRead instead(BrokerLane owner, PartitionRead read, Reader.Place place) {
        LeaderPartition partition = owner.partitions().find(read.topicPartition());
        if (partition == null || !partition.hasFollowers()) return null;
        PartitionRead.Wanted wanted = read.wanted();
        ErrorCode epochError = LanePartitions.checkLeaderEpoch(wanted.currentLeaderEpoch(), partition.leaderEpoch());
        if (epochError != ErrorCode.NONE) return null;
        OptionalInt replica = partition.preferredReadReplica(
                place.rack(), wanted.fetchOffset(), new Reachable(owner, place.listener()));
        if (replica.isEmpty()) return null;
        return read.elsewhere(
                replica.getAsInt(),
                partition.leaderEpoch(),
                partition.highWatermark(),
                Math.min(partition.log().lastStableOffset(), partition.highWatermark()),
                partition.log().logStartOffset());
    }

    /** Brokers with their racks, as far as a client of a listener can reach them. */
    private record Reachable(BrokerLane owner, String listener) implements KnownBrokers {
        @Override
        public boolean isActive(int id) {
            return owner.image().cluster().isActive(id);
        }

        @Override
        public long epochOf(int id) {
            BrokerImage broker = owner.image().cluster().broker(id);
            return broker == null ? NO_EPOCH : broker.epoch();
        }

        @Override
        public Optional<String> rackOf(int id) {
            BrokerImage broker = owner.image().cluster().broker(id);
            if (broker == null || broker.isFenced()) return Optional.empty();
            // The leader itself has been reached by the listener, whatever it is called there.
            boolean isReached = id == owner.applier().inSync().id()
                    || broker.endpoint(listener).isPresent();
            return isReached ? Optional.ofNullable(broker.rack()) : Optional.empty();
        }
    }
}
