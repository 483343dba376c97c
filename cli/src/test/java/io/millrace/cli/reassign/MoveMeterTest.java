package io.millrace.cli.reassign;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.millrace.client.ReplicaAdmin.Reassignment;
import io.millrace.records.TopicPartition;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class MoveMeterTest {
    private static final TopicPartition A = new TopicPartition("a", 0);
    private static final TopicPartition B = new TopicPartition("b", 0);

    @Test
    void speedIsThatOfTheLastWhile() {
        MoveMeter meter = new MoveMeter();
        meter.saw(0, 0);
        assertEquals("0 of 2 partitions, 0 B of 100 MB (0 %)", meter.line(0, 2, 100_000_000));
        for (int second = 1; second <= 100; second++) meter.saw(second * 1_000L, second * 100_000L);
        assertEquals(
                "0 of 2 partitions, 10 MB of 100 MB (10 %), 100 kB/s, 15:00 min to go", meter.line(0, 2, 100_000_000));
        for (int second = 1; second <= 30; second++)
            meter.saw(100_000 + second * 1_000L, 10_000_000 + second * 1_000_000L);
        assertEquals(
                "1 of 2 partitions, 40 MB of 100 MB (40 %), 1.0 MB/s, 1:00 min to go", meter.line(1, 2, 100_000_000));
    }

    @Test
    void thatNothingArrivesIsSaidAfterAWhile() {
        MoveMeter meter = new MoveMeter();
        for (int second = 0; second <= 40; second++) meter.saw(second * 1_000L, Math.min(second, 5) * 1_000L);
        assertEquals(
                "0 of 1 partitions, 5.0 kB of 10 kB (50 %), nothing for 35 s: are all brokers up?",
                meter.line(0, 1, 10_000));
    }

    @Test
    void aMoveThatIsNotListedAnyMoreHasArrived() {
        WatchedMoves moves = new WatchedMoves();
        var toThree = new Reassignment(List.of(3, 1, 2), List.of(3), List.of(2));
        var toTwo = new Reassignment(List.of(1, 2, 3), List.of(2, 3), List.of());
        moves.saw(
                Map.of(A, toThree, B, toTwo),
                Map.of(A, Map.of(1, 100L, 2, 90L, 3, 30L), B, Map.of(1, 50L, 2, 60L, 3, 10L)));
        assertEquals(List.of(200L, 90L), List.of(moves.allBytes(), moves.arrivedBytes()), "a replica has all at most");
        assertEquals(0, moves.partitionsDone());
        moves.saw(Map.of(A, toThree), Map.of(A, Map.of(1, 120L, 3, 60L)));
        assertEquals(List.of(220L, 160L), List.of(moves.allBytes(), moves.arrivedBytes()));
        assertEquals(List.of(1L, 2L), List.of(moves.partitionsDone(), (long) moves.partitions()));
    }
}
