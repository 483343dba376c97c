package io.millrace.client.membership;

import io.millrace.client.assignor.GroupMember;
import io.millrace.client.assignor.StickyUserData;
import io.millrace.protocol.MalformedMessage;
import io.millrace.protocol.ProtocolReader;
import io.millrace.protocol.ProtocolWriter;
import io.millrace.protocol.messages.ConsumerProtocolAssignment;
import io.millrace.protocol.messages.ConsumerProtocolSubscription;
import io.millrace.records.TopicPartition;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * What members of a classic consumer group tell each other by way of the coordinator, which does not look into it: an int16
 * version, then the message of that version. Later versions only append fields, so one that is newer than known is read as the
 * newest known, and what it has behind that is left alone.
 */
final class ConsumerProtocol {
    /** The type of protocol by which the coordinator knows groups of consumers. */
    static final String TYPE = "consumer";

    private static final short NEWEST_VERSION = 3;
    private static final String STICKY = "sticky";
    private static final String COOPERATIVE_STICKY = "cooperative-sticky";

    private ConsumerProtocol() {}

    /**
     * What a member says of itself.
     *
     * @param owned what it keeps while it joins (KIP-429)
     * @param generation in which it came to hold that, -1 for none (KIP-792)
     * @param rack where it is, null if it does not say (KIP-881)
     */
    static byte[] subscription(
            SortedSet<String> topics,
            byte @Nullable [] userData,
            Collection<TopicPartition> owned,
            int generation,
            @Nullable String rack) {
        List<ConsumerProtocolSubscription.TopicPartition> ownedByTopic = new ArrayList<>();
        byTopic(owned)
                .forEach((topic, numbers) ->
                        ownedByTopic.add(new ConsumerProtocolSubscription.TopicPartition(topic, numbers)));
        ConsumerProtocolSubscription message = ConsumerProtocolSubscription.builder()
                .topics(List.copyOf(topics))
                .userData(userData)
                .ownedPartitions(ownedByTopic)
                .generationId(generation)
                .rackId(rack)
                .build();
        ProtocolWriter out = new ProtocolWriter();
        out.writeInt16(NEWEST_VERSION);
        message.write(out, NEWEST_VERSION);
        return bytes(out);
    }

    /** What a member tells for an assignor in the older way, in which it has bytes of its own; null for nothing. */
    static byte @Nullable [] userData(String assignor, @Nullable StickyUserData given, int ownedGeneration) {
        if (assignor.equals(STICKY) && given != null) return bytes(given.write());
        if (assignor.equals(COOPERATIVE_STICKY))
            return ByteBuffer.allocate(Integer.BYTES).putInt(ownedGeneration).array();
        return null;
    }

    /**
     * Reads what a member said of itself, for the leader's assignor.
     *
     * @throws MalformedMessage if it is anything else
     */
    static GroupMember member(String memberId, @Nullable String instanceId, byte[] subscription, String assignor) {
        ProtocolReader in = new ProtocolReader(ByteBuffer.wrap(subscription));
        int version = version(in);
        ConsumerProtocolSubscription said = ConsumerProtocolSubscription.read(in, version);
        List<TopicPartition> owned = new ArrayList<>();
        for (ConsumerProtocolSubscription.TopicPartition topic : said.ownedPartitions())
            for (int number : topic.partitions()) owned.add(partition(in, topic.topic(), number));
        int generation = said.generationId();
        byte[] userData = said.userData();
        if (userData != null && assignor.equals(STICKY)) {
            StickyUserData given = StickyUserData.read(ByteBuffer.wrap(userData));
            owned = new ArrayList<>(given.owned());
            generation = given.generation();
        } else if (userData != null
                && assignor.equals(COOPERATIVE_STICKY)
                && generation < 0
                && userData.length >= Integer.BYTES) {
            generation = ByteBuffer.wrap(userData).getInt();
        }
        return new GroupMember(
                memberId,
                instanceId,
                new TreeSet<>(said.topics()),
                owned,
                Math.max(GroupMember.NO_GENERATION, generation),
                said.rackId());
    }

    /** What the leader gives one member. */
    static byte[] assignment(Collection<TopicPartition> partitions) {
        List<ConsumerProtocolAssignment.TopicPartition> topics = new ArrayList<>();
        byTopic(partitions)
                .forEach((topic, numbers) -> topics.add(new ConsumerProtocolAssignment.TopicPartition(topic, numbers)));
        ConsumerProtocolAssignment message = ConsumerProtocolAssignment.builder()
                .assignedPartitions(topics)
                .userData(null)
                .build();
        ProtocolWriter out = new ProtocolWriter();
        out.writeInt16(NEWEST_VERSION);
        message.write(out, NEWEST_VERSION);
        return bytes(out);
    }

    /**
     * Reads what the leader gave.
     *
     * @throws MalformedMessage if it is anything else; nothing at all is not an assignment either
     */
    static SortedSet<TopicPartition> assigned(byte[] assignment) {
        ProtocolReader in = new ProtocolReader(ByteBuffer.wrap(assignment));
        ConsumerProtocolAssignment said = ConsumerProtocolAssignment.read(in, version(in));
        SortedSet<TopicPartition> partitions = new TreeSet<>();
        for (ConsumerProtocolAssignment.TopicPartition topic : said.assignedPartitions())
            for (int number : topic.partitions()) partitions.add(partition(in, topic.topic(), number));
        return partitions;
    }

    private static int version(ProtocolReader in) {
        int version = in.readInt16("version");
        if (version < 0) throw new MalformedMessage("version", in.position(), version + " is negative");
        return Math.min(version, NEWEST_VERSION);
    }

    private static TopicPartition partition(ProtocolReader in, String topic, int number) {
        if (number < 0)
            throw new MalformedMessage("partition", in.position(), number + " of " + topic + " is negative");
        return new TopicPartition(topic, number);
    }

    private static SortedMap<String, List<Integer>> byTopic(Collection<TopicPartition> partitions) {
        SortedMap<String, List<Integer>> byTopic = new TreeMap<>();
        for (TopicPartition each : new TreeSet<>(partitions))
            byTopic.computeIfAbsent(each.topic(), name -> new ArrayList<>()).add(each.partition());
        return byTopic;
    }

    private static byte[] bytes(ProtocolWriter out) {
        return bytes(out.finish().toBuffer());
    }

    private static byte[] bytes(ByteBuffer buffer) {
        byte[] bytes = new byte[buffer.remaining()];
        buffer.get(bytes);
        return bytes;
    }
}
