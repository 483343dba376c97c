package io.millrace.coordinators.group;

import io.millrace.protocol.MalformedMessage;
import io.millrace.protocol.ProtocolReader;
import java.nio.ByteBuffer;
import java.util.Collection;
import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The topics that a group's consumers say they consume.
 *
 * @param topics null where they could not be read: then any topic may be among them
 */
record Subscriptions(@Nullable Set<String> topics) {
    private static final int SMALLEST_STRING_BYTES = 2;

    /** Reads them; a group with members but no protocol yet has said nothing. */
    static Subscriptions of(Collection<ClassicMember> members, @Nullable String protocolName) {
        if (members.isEmpty()) return new Subscriptions(Set.of());
        if (protocolName == null) return new Subscriptions(null);
        Set<String> topics = new HashSet<>();
        try {
            for (ClassicMember member : members) {
                if (!addTopics(member.metadataFor(protocolName), topics)) return new Subscriptions(null);
            }
        } catch (MalformedMessage unreadable) {
            return new Subscriptions(null);
        }
        return new Subscriptions(topics);
    }

    /** The head of ConsumerProtocolSubscription, the same in all its versions: version i16, count i32, topics. */
    private static boolean addTopics(byte[] metadata, Set<String> topics) {
        ProtocolReader reader = new ProtocolReader(ByteBuffer.wrap(metadata));
        if (reader.readInt16("version") < 0) return false;
        int count = reader.readArrayCount("topics", false, SMALLEST_STRING_BYTES);
        for (int i = 0; i < count; i++) topics.add(reader.readString("topics", false));
        return true;
    }

    boolean isKnown() {
        return topics != null;
    }

    boolean holds(String topic) {
        return topics == null || topics.contains(topic);
    }
}
