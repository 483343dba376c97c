package io.millrace.server.partitions;

import java.util.Set;

/** The topics that coordinators keep their state in. Clients may read them, and may
 * neither write to them nor delete their records. */
public final class InternalTopics {
    private static final Set<String> NAMES = Set.of("__consumer_offsets", "__transaction_state", "__share_group_state");

    private InternalTopics() {}

    /** Whether a topic is one of them. */
    public static boolean contains(String topic) {
        return NAMES.contains(topic);
    }
}
