package io.millrace.client.sending.run;

import io.millrace.client.cluster.ClusterTopic;
import io.millrace.client.cluster.ClusterView;
import io.millrace.protocol.ApiKey;
import io.millrace.protocol.RecordsPayload;
import io.millrace.protocol.Uuid;
import io.millrace.protocol.messages.ProduceRequest;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Writes batches down as a Produce request: by topic ids (KIP-516, version 13) where all are known, else by names. */
final class ProduceRequests {
    private static final short LAST_BY_NAME = 12;

    private ProduceRequests() {}

    static short maxVersion(ClusterView view, List<SentBatch> batches, short atMost) {
        for (SentBatch each : batches) {
            if (idOf(view, each.line().topic).equals(Uuid.ZERO)) return (short) Math.min(LAST_BY_NAME, atMost);
        }
        return (short) Math.min(ApiKey.PRODUCE.latestStableVersion(), atMost);
    }

    private static Uuid idOf(ClusterView view, String topic) {
        ClusterTopic known = view.topic(topic);
        return known == null ? Uuid.ZERO : known.id();
    }

    static ProduceRequest of(
            ClusterView view, List<SentBatch> batches, short acks, int timeoutMs, @Nullable String transactionalId) {
        List<ProduceRequest.TopicProduceData> topics;
        if (batches.size() == 1) {
            SentBatch only = batches.getFirst();
            topics = List.of(topic(view, only.line().topic, List.of(partition(only))));
        } else {
            Map<String, List<ProduceRequest.PartitionProduceData>> byTopic = new LinkedHashMap<>();
            for (SentBatch each : batches) {
                byTopic.computeIfAbsent(each.line().topic, name -> new ArrayList<>())
                        .add(partition(each));
            }
            topics = new ArrayList<>(byTopic.size());
            for (var each : byTopic.entrySet()) topics.add(topic(view, each.getKey(), each.getValue()));
        }
        return ProduceRequest.builder()
                .transactionalId(transactionalId)
                .acks(acks)
                .timeoutMs(timeoutMs)
                .topicData(topics)
                .build();
    }

    private static ProduceRequest.TopicProduceData topic(
            ClusterView view, String name, List<ProduceRequest.PartitionProduceData> partitions) {
        return ProduceRequest.TopicProduceData.builder()
                .name(name)
                .topicId(idOf(view, name))
                .partitionData(partitions)
                .build();
    }

    private static ProduceRequest.PartitionProduceData partition(SentBatch sent) {
        return ProduceRequest.PartitionProduceData.builder()
                .index(sent.line().partition)
                .records(new RecordsPayload.Buffer(sent.batch().bytes()))
                .build();
    }
}
