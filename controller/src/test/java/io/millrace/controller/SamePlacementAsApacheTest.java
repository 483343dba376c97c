package io.millrace.controller;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.testkit.Property;
import io.millrace.testkit.SeededRandom;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.errors.InvalidReplicationFactorException;
import org.apache.kafka.metadata.placement.ClusterDescriber;
import org.apache.kafka.metadata.placement.PartitionAssignment;
import org.apache.kafka.metadata.placement.PlacementSpec;
import org.apache.kafka.metadata.placement.StripedReplicaPlacer;
import org.apache.kafka.metadata.placement.UsableBroker;
import org.junit.jupiter.api.Test;

/**
 * Where Kafka's own placer and ours put replicas in the same cluster: never at the same draws, but with the same constraints, and ours no
 * less even.
 */
class SamePlacementAsApacheTest {
    private record Cluster(List<Placement.Candidate> candidates) implements ClusterDescriber {
        static Cluster drawn(SeededRandom random) {
            int rackCount = 1 + random.nextInt(5);
            int brokerCount = 1 + random.nextInt(24);
            int fencedIn = 1 + random.nextInt(6);
            List<Placement.Candidate> candidates = new ArrayList<>();
            for (int id = 0; id < brokerCount; id++)
                candidates.add(new Placement.Candidate(
                        id, rackCount == 1 ? "" : "rack" + random.nextInt(rackCount), random.nextInt(fencedIn) == 1));
            return new Cluster(candidates);
        }

        @Override
        public Iterator<UsableBroker> usableBrokers() {
            return candidates.stream()
                    .map(it -> new UsableBroker(
                            it.id(), it.rack().isEmpty() ? Optional.empty() : Optional.of(it.rack()), it.isFenced()))
                    .iterator();
        }

        @Override
        public Uuid defaultDir(int brokerId) {
            return new Uuid(1, brokerId);
        }

        int racksOf(List<Integer> replicas) {
            Set<String> racks = new HashSet<>();
            for (int id : replicas) racks.add(candidates.get(id).rack());
            return racks.size();
        }

        /** Whether a fenced broker has a replica although one of its rack that is in service has none. */
        boolean passesOver(List<Integer> replicas) {
            for (int id : replicas) {
                Placement.Candidate taken = candidates.get(id);
                if (!taken.isFenced()) continue;
                for (Placement.Candidate other : candidates)
                    if (!other.isFenced() && other.rack().equals(taken.rack()) && !replicas.contains(other.id()))
                        return true;
            }
            return false;
        }

        /** The difference between the brokers in service that lead most and fewest. */
        int unevennessOfLeaders(List<List<Integer>> partitions) {
            int[] led = new int[candidates.size()];
            for (List<Integer> replicas : partitions) led[replicas.getFirst()]++;
            int[] counts = candidates.stream()
                    .filter(it -> !it.isFenced())
                    .mapToInt(it -> led[it.id()])
                    .toArray();
            return IntStream.of(counts).max().orElse(0)
                    - IntStream.of(counts).min().orElse(0);
        }
    }

    @Test
    void racksFencedBrokersAndLeadersAreDealtWithAsKafkasPlacerDoes() {
        Property.check(300, random -> {
            Cluster cluster = Cluster.drawn(random);
            int factor = 1 + random.nextInt(Math.min(6, cluster.candidates().size() + 1));
            int partitionCount = 1 + random.nextInt(60);
            List<List<Integer>> kafkas = new ArrayList<>();
            String kafkasRefusal = null;
            try {
                for (PartitionAssignment each : new StripedReplicaPlacer(new Random(random.nextLong()))
                        .place(new PlacementSpec(0, partitionCount, (short) factor), cluster)
                        .assignments()) kafkas.add(each.replicas());
            } catch (InvalidReplicationFactorException e) {
                kafkasRefusal = e.getMessage();
            }
            Placement placement = Placement.among(cluster.candidates(), TestCluster.drawsFrom(random));
            String refusal = placement.refusal(factor);
            if (kafkasRefusal != null) {
                assertNotNull(refusal, kafkasRefusal);
                return;
            }
            assertNull(refusal, "Kafka's placer finds a place");
            List<List<Integer>> ours = new ArrayList<>();
            for (int number = 0; number < partitionCount; number++) ours.add(placement.next(factor));
            for (int number = 0; number < partitionCount; number++) {
                List<Integer> theirs = kafkas.get(number);
                List<Integer> replicas = ours.get(number);
                assertEquals(factor, new HashSet<>(replicas).size(), replicas::toString);
                assertTrue(!cluster.candidates().get(replicas.getFirst()).isFenced(), replicas::toString);
                assertTrue(!cluster.passesOver(theirs), () -> "Kafka's " + theirs);
                assertTrue(!cluster.passesOver(replicas), replicas::toString);
                assertEquals(cluster.racksOf(theirs), cluster.racksOf(replicas), () -> theirs + " " + replicas);
            }
            assertTrue(
                    cluster.unevennessOfLeaders(ours) <= Math.max(1, cluster.unevennessOfLeaders(kafkas) + 1),
                    () -> ours + " beside " + kafkas);
        });
    }
}
