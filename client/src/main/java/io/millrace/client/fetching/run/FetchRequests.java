package io.millrace.client.fetching.run;

import io.millrace.client.fetching.FetchPlan;
import io.millrace.client.fetching.FetchRules;
import io.millrace.client.fetching.WantedPartition;
import io.millrace.protocol.ApiKey;
import io.millrace.protocol.messages.FetchRequest;
import io.millrace.records.TopicPartition;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Writes a plan down as a Fetch request: by topic ids (KIP-516, version 13) where all are known, else by names. */
final class FetchRequests {
    private static final short LAST_BY_NAME = 12;
    private static final byte READ_COMMITTED = 1;

    private FetchRequests() {}

    static byte isolationLevel(FetchRules rules) {
        return rules.isReadCommitted() ? READ_COMMITTED : 0;
    }

    static short maxVersion(FetchPlan plan) {
        return plan.usesTopicIds() ? ApiKey.FETCH.latestStableVersion() : LAST_BY_NAME;
    }

    static FetchRequest of(FetchPlan plan, FetchRules rules, int maxWaitMs, int maxBytes) {
        return FetchRequest.builder()
                .maxWaitMs(maxWaitMs)
                .minBytes(rules.minBytes())
                .maxBytes(maxBytes)
                .isolationLevel(isolationLevel(rules))
                .sessionId(plan.sessionId())
                .sessionEpoch(plan.sessionEpoch())
                .topics(topics(plan))
                .forgottenTopicsData(forgotten(plan))
                .rackId(rules.rackId())
                .build();
    }

    private static List<FetchRequest.FetchTopic> topics(FetchPlan plan) {
        Map<String, List<Map.Entry<TopicPartition, WantedPartition>>> byTopic = new LinkedHashMap<>();
        for (Map.Entry<TopicPartition, WantedPartition> each : plan.partitions().entrySet()) {
            byTopic.computeIfAbsent(each.getKey().topic(), name -> new ArrayList<>())
                    .add(each);
        }
        List<FetchRequest.FetchTopic> topics = new ArrayList<>(byTopic.size());
        byTopic.forEach((name, entries) -> {
            List<FetchRequest.FetchPartition> partitions = new ArrayList<>(entries.size());
            for (Map.Entry<TopicPartition, WantedPartition> each : entries) {
                WantedPartition wanted = each.getValue();
                partitions.add(FetchRequest.FetchPartition.builder()
                        .partition(each.getKey().partition())
                        .currentLeaderEpoch(wanted.leaderEpoch())
                        .fetchOffset(wanted.offset())
                        .partitionMaxBytes(wanted.maxBytes())
                        .build());
            }
            topics.add(new FetchRequest.FetchTopic(
                    name, entries.getFirst().getValue().topicId(), partitions));
        });
        return topics;
    }

    private static List<FetchRequest.ForgottenTopic> forgotten(FetchPlan plan) {
        List<FetchRequest.ForgottenTopic> topics = new ArrayList<>();
        for (Map.Entry<TopicPartition, WantedPartition> each : plan.forgotten()) {
            topics.add(FetchRequest.ForgottenTopic.builder()
                    .topic(each.getKey().topic())
                    .topicId(each.getValue().topicId())
                    .partitions(List.of(each.getKey().partition()))
                    .build());
        }
        return topics;
    }
}
