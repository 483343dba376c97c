package io.millrace.client.membership;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.millrace.client.assignor.GroupMember;
import io.millrace.client.assignor.StickyUserData;
import io.millrace.protocol.MalformedMessage;
import io.millrace.records.TopicPartition;
import io.millrace.testkit.Property;
import io.millrace.testkit.SeededRandom;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import org.apache.kafka.clients.consumer.ConsumerPartitionAssignor.Assignment;
import org.apache.kafka.clients.consumer.ConsumerPartitionAssignor.Subscription;
import org.junit.jupiter.api.Test;

class ConsumerProtocolTest {
    private static SortedSet<TopicPartition> partitions(SeededRandom random) {
        SortedSet<TopicPartition> partitions = new TreeSet<>();
        for (int i = random.nextInt(6); i > 0; i--)
            partitions.add(new TopicPartition("t" + random.nextInt(3), random.nextInt(4)));
        return partitions;
    }

    private static List<org.apache.kafka.common.TopicPartition> official(Set<TopicPartition> partitions) {
        return partitions.stream()
                .map(each -> new org.apache.kafka.common.TopicPartition(each.topic(), each.partition()))
                .toList();
    }

    @Test
    void subscriptionsAreReadByTheOfficialClientAndTheReverse() {
        Property.check(random -> {
            SortedSet<String> topics = new TreeSet<>(Set.of("x" + random.nextInt(3), "y"));
            SortedSet<TopicPartition> owned = partitions(random);
            int generation = random.nextInt(-1, 5);
            String rack = random.nextBoolean() ? "r" : null;
            byte[] ours = ConsumerProtocol.subscription(topics, null, owned, generation, rack);

            Subscription read = org.apache.kafka.clients.consumer.internals.ConsumerProtocol.deserializeSubscription(
                    ByteBuffer.wrap(ours));
            assertEquals(List.copyOf(topics), read.topics());
            assertEquals(Set.copyOf(official(owned)), Set.copyOf(read.ownedPartitions()));
            assertEquals(generation, read.generationId().orElse(-1));
            assertEquals(Optional.ofNullable(rack), read.rackId());

            short version = (short) random.nextInt(4);
            ByteBuffer theirs = org.apache.kafka.clients.consumer.internals.ConsumerProtocol.serializeSubscription(
                    new Subscription(List.copyOf(topics), null, official(owned), generation, Optional.ofNullable(rack)),
                    version);
            GroupMember member = ConsumerProtocol.member("m", null, bytes(theirs), "range");
            assertEquals(topics, member.topics());
            assertEquals(version >= 1 ? owned : Set.of(), new TreeSet<>(member.owned()));
            assertEquals(version >= 2 ? generation : -1, member.generation());
            assertEquals(version >= 3 ? rack : null, member.rack());
        });
    }

    @Test
    void assignmentsAreReadByTheOfficialClientAndTheReverse() {
        Property.check(random -> {
            SortedSet<TopicPartition> partitions = partitions(random);
            Assignment read = org.apache.kafka.clients.consumer.internals.ConsumerProtocol.deserializeAssignment(
                    ByteBuffer.wrap(ConsumerProtocol.assignment(partitions)));
            assertEquals(Set.copyOf(official(partitions)), Set.copyOf(read.partitions()));
            ByteBuffer theirs = org.apache.kafka.clients.consumer.internals.ConsumerProtocol.serializeAssignment(
                    new Assignment(official(partitions)), (short) random.nextInt(4));
            assertEquals(partitions, ConsumerProtocol.assigned(bytes(theirs)));
        });
    }

    private static byte[] bytes(ByteBuffer buffer) {
        byte[] bytes = new byte[buffer.remaining()];
        buffer.get(bytes);
        return bytes;
    }

    @Test
    void stickyMembersTellInUserDataWhatTheyHad() {
        StickyUserData given = new StickyUserData(List.of(new TopicPartition("t", 1)), 4);
        byte[] said = ConsumerProtocol.subscription(
                new TreeSet<>(Set.of("t")), ConsumerProtocol.userData("sticky", given, -1), List.of(), -1, null);
        GroupMember member = ConsumerProtocol.member("m", null, said, "sticky");
        assertEquals(given.owned(), member.owned());
        assertEquals(4, member.generation());
        assertEquals(
                List.of(), ConsumerProtocol.member("m", null, said, "range").owned());
    }

    @Test
    void everyTruncationAndAnyRubbishIsRefusedOrReadButNothingElse() {
        Property.check(random -> {
            byte[] said = ConsumerProtocol.subscription(
                    new TreeSet<>(Set.of("t")),
                    ConsumerProtocol.userData("cooperative-sticky", null, 3),
                    partitions(random),
                    3,
                    "r");
            for (int length = 0; length < said.length; length++) {
                byte[] cut = Arrays.copyOf(said, length);
                assertThrows(
                        MalformedMessage.class, () -> ConsumerProtocol.member("m", null, cut, "cooperative-sticky"));
            }
            byte[] rubbish = random.bytes(random.nextInt(40));
            try {
                ConsumerProtocol.member("m", null, rubbish, random.pick("sticky", "range", "cooperative-sticky"));
                ConsumerProtocol.assigned(rubbish);
            } catch (MalformedMessage expected) {
                // One of the two ways it may go.
            }
            byte[] newer = Arrays.copyOf(said, said.length + 3);
            newer[1] = 9;
            assertEquals(
                    3,
                    ConsumerProtocol.member("m", null, newer, "cooperative-sticky")
                            .generation());
        });
    }
}
