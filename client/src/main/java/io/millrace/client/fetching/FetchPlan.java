package io.millrace.client.fetching;

import io.millrace.protocol.Uuid;
import io.millrace.records.TopicPartition;
import java.util.List;
import java.util.Map;

/**
 * What one fetch request says within its session.
 *
 * @param sessionId 0 for none yet
 * @param sessionEpoch 0 to begin a session anew; {@link #NO_SESSION} to be outside of any
 * @param partitions those that are new, or have changed
 * @param forgotten those that are not wanted any more, with their topics' ids
 * @param usesTopicIds whether topics are named by id (version 13 and newer) or by name
 */
public record FetchPlan(
        int sessionId,
        int sessionEpoch,
        Map<TopicPartition, WantedPartition> partitions,
        List<Map.Entry<TopicPartition, WantedPartition>> forgotten,
        boolean usesTopicIds) {
    /** The broker remembers nothing of it (KIP-227). */
    public static final int NO_SESSION = -1;

    /** Asks for these once, and has nothing to do with the broker's session. */
    public static FetchPlan outsideOfSessions(Map<TopicPartition, WantedPartition> wanted) {
        boolean allHaveIds =
                wanted.values().stream().noneMatch(each -> each.topicId().equals(Uuid.ZERO));
        return new FetchPlan(0, NO_SESSION, wanted, List.of(), allHaveIds);
    }
}
