package io.millrace.client.assignor;

import io.millrace.protocol.MalformedMessage;
import io.millrace.protocol.ProtocolReader;
import io.millrace.protocol.ProtocolWriter;
import io.millrace.records.TopicPartition;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The user data that a member with the sticky assignor sends in its subscription, by which it tells what it was given last: that
 * assignor is older than the subscription's own field for it. Big endian, strings and arrays as in the protocol's inflexible versions:
 *
 * <pre>
 * previous_assignment [topic string, partitions [int32]]
 * generation int32                                         (absent in the oldest members')
 * </pre>
 *
 * @param owned what the member was given
 * @param generation in which it was, {@link GroupMember#NO_GENERATION} if it does not say
 */
public record StickyUserData(List<TopicPartition> owned, int generation) {
    private static final int LEAST_TOPIC_BYTES = 6;
    private static final int PARTITION_BYTES = 4;

    public StickyUserData {
        owned = List.copyOf(owned);
    }

    /**
     * Reads what another member wrote.
     *
     * @throws MalformedMessage if it is anything else
     */
    public static StickyUserData read(ByteBuffer bytes) {
        ProtocolReader in = new ProtocolReader(bytes);
        List<TopicPartition> owned = new ArrayList<>();
        int topicCount = in.readArrayCount("previous_assignment", false, LEAST_TOPIC_BYTES);
        for (int topic = 0; topic < topicCount; topic++) {
            String name = in.readString("topic", false);
            int count = in.readArrayCount("partitions", false, PARTITION_BYTES);
            for (int partition = 0; partition < count; partition++) {
                int number = in.readInt32("partition");
                if (number < 0)
                    throw new MalformedMessage("partition", in.position(), number + " of " + name + " is negative");
                owned.add(new TopicPartition(name, number));
            }
        }
        int generation = in.remaining() == 0 ? GroupMember.NO_GENERATION : in.readInt32("generation");
        in.requireEnd("sticky user data");
        return new StickyUserData(owned, generation);
    }

    /** The bytes, by topic and partition in ascending order. */
    public ByteBuffer write() {
        SortedMap<String, List<Integer>> byTopic = new TreeMap<>();
        for (TopicPartition partition : owned.stream().sorted().toList())
            byTopic.computeIfAbsent(partition.topic(), ignored -> new ArrayList<>())
                    .add(partition.partition());
        ProtocolWriter out = new ProtocolWriter();
        out.writeArrayCount(byTopic.size(), false);
        byTopic.forEach((topic, partitions) -> {
            out.writeString(topic, false);
            out.writeArrayCount(partitions.size(), false);
            for (int partition : partitions) out.writeInt32(partition);
        });
        out.writeInt32(generation);
        return out.finish().toBuffer();
    }
}
