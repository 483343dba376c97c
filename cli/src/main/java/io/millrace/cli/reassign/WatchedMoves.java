package io.millrace.cli.reassign;

import io.millrace.client.ReplicaAdmin.Reassignment;
import io.millrace.records.TopicPartition;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** What is known of moves that somebody has begun, from one look at them to the next. */
final class WatchedMoves {
    /**
     * One partition.
     *
     * @param wholeBytes what each of its replicas that come will have
     * @param arrivedBytes what those have together
     * @param isMoving false once it is no longer being reassigned: then all has arrived
     */
    private record Move(int comingReplicas, long wholeBytes, long arrivedBytes, boolean isMoving) {
        long allBytes() {
            return wholeBytes * comingReplicas;
        }
    }

    private final Map<TopicPartition, Move> moves = new TreeMap<>();

    /**
     * Takes a look in.
     *
     * @param moving what is being reassigned now
     * @param sizes bytes of those partitions on their brokers, as far as they are told
     */
    void saw(Map<TopicPartition, Reassignment> moving, Map<TopicPartition, Map<Integer, Long>> sizes) {
        moves.replaceAll((partition, move) -> moving.containsKey(partition)
                ? move
                : new Move(move.comingReplicas(), move.wholeBytes(), move.allBytes(), false));
        moving.forEach((partition, reassignment) -> {
            Map<Integer, Long> bytes = sizes.getOrDefault(partition, Map.of());
            List<Integer> there = new ArrayList<>(reassignment.replicas());
            there.removeAll(reassignment.adding());
            long whole = 0;
            for (int broker : there) whole = Math.max(whole, bytes.getOrDefault(broker, 0L));
            long arrived = 0;
            for (int broker : reassignment.adding()) arrived += Math.min(whole, bytes.getOrDefault(broker, 0L));
            moves.put(partition, new Move(reassignment.adding().size(), whole, arrived, true));
        });
    }

    int partitions() {
        return moves.size();
    }

    long partitionsDone() {
        return moves.values().stream().filter(it -> !it.isMoving()).count();
    }

    long allBytes() {
        return moves.values().stream().mapToLong(Move::allBytes).sum();
    }

    long arrivedBytes() {
        return moves.values().stream().mapToLong(Move::arrivedBytes).sum();
    }
}
