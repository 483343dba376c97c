package io.millrace.client.fetching.run;

import io.millrace.client.cluster.run.ClusterLine;
import io.millrace.connection.run.ClientConversation;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** What one look of a fetcher asks the brokers about offsets: gathered by broker, then sent. None waits behind a fetch that is held. */
final class QuestionRound {
    private final ClusterLine cluster;
    private final FetchSends fetches;
    private final byte isolationLevel;
    private final Map<Integer, OffsetQuestions> byBroker = new TreeMap<>();

    QuestionRound(ClusterLine cluster, FetchSends fetches, byte isolationLevel) {
        this.cluster = cluster;
        this.fetches = fetches;
        this.isolationLevel = isolationLevel;
    }

    /** Where questions to a broker are put; null if it is not ready. */
    @Nullable
    OffsetQuestions to(int nodeId) {
        if (conversation(nodeId) == null) return null;
        return byBroker.computeIfAbsent(nodeId, id -> new OffsetQuestions(isolationLevel));
    }

    void sendAll(int timeoutMs) {
        byBroker.forEach((nodeId, questions) -> {
            ClientConversation conversation = conversation(nodeId);
            if (conversation != null) questions.send(conversation, timeoutMs);
        });
    }

    private @Nullable ClientConversation conversation(int nodeId) {
        return fetches.isHeldBy(nodeId) ? cluster.aside(nodeId) : cluster.ready(nodeId);
    }
}
