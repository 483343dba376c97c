package io.millrace.client.fetching;

import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.Uuid;
import io.millrace.records.TopicPartition;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The client's end of a fetch session with one broker (KIP-227): it knows what the broker remembers, and says only what has
 * changed. One request at a time.
 */
public final class FetchSession {
    private static final int NO_SESSION = 0;
    private static final int BEGIN = 0;

    private final Map<TopicPartition, WantedPartition> remembered = new LinkedHashMap<>();
    private int sessionId = NO_SESSION;
    private int epoch = BEGIN;
    private boolean usesTopicIds;

    /** Nothing is known to the broker. */
    public FetchSession() {}

    /**
     * What the next request says, so that the broker looks at exactly these partitions. It counts as sent.
     *
     * @param wanted in the order in which they are to be served
     */
    public FetchPlan next(Map<TopicPartition, WantedPartition> wanted) {
        boolean allHaveIds =
                wanted.values().stream().noneMatch(each -> each.topicId().equals(Uuid.ZERO));
        if (allHaveIds != usesTopicIds) epoch = BEGIN; // A session does not change its ways.
        usesTopicIds = allHaveIds;
        if (epoch == BEGIN) {
            remembered.clear();
            remembered.putAll(wanted);
            return new FetchPlan(sessionId, BEGIN, wanted, List.of(), usesTopicIds);
        }
        Map<TopicPartition, WantedPartition> changed = new LinkedHashMap<>();
        List<Map.Entry<TopicPartition, WantedPartition>> forgotten = new ArrayList<>();
        for (Map.Entry<TopicPartition, WantedPartition> each : remembered.entrySet()) {
            WantedPartition now = wanted.get(each.getKey());
            boolean isSame = now != null && now.topicId().equals(each.getValue().topicId());
            if (!isSame) forgotten.add(Map.entry(each.getKey(), each.getValue()));
        }
        for (Map.Entry<TopicPartition, WantedPartition> each : wanted.entrySet()) {
            if (!each.getValue().equals(remembered.get(each.getKey()))) changed.put(each.getKey(), each.getValue());
        }
        for (Map.Entry<TopicPartition, WantedPartition> each : forgotten) remembered.remove(each.getKey());
        remembered.putAll(changed);
        return new FetchPlan(sessionId, epoch, changed, forgotten, usesTopicIds);
    }

    /** The broker answered. */
    public void answered(int answeredSessionId) {
        if (answeredSessionId == NO_SESSION) { // It keeps no session for us.
            sessionId = NO_SESSION;
            epoch = BEGIN;
            return;
        }
        sessionId = answeredSessionId;
        epoch = epoch == Integer.MAX_VALUE ? 1 : epoch + 1;
    }

    /** The broker refused the whole request; the next one begins a session anew. */
    public void refused(ErrorCode error) {
        if (error == ErrorCode.FETCH_SESSION_ID_NOT_FOUND) sessionId = NO_SESSION;
        epoch = BEGIN;
    }

    /** There was no answer: what the broker remembers is not known any more. A session that is still there ends. */
    public void lost() {
        epoch = BEGIN;
    }
}
