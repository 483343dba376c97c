package io.millrace.client.sending.run;

import io.millrace.client.cluster.ClusterNode;
import io.millrace.client.cluster.ClusterTopic;
import io.millrace.client.cluster.PartitionLeader;
import io.millrace.client.cluster.run.ClusterLine;
import io.millrace.client.sending.BatchAnswer;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.Uuid;
import io.millrace.protocol.messages.ProduceResponse;
import io.millrace.records.TopicPartition;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Finds in a Produce response what is said about each batch, and hands its leader hints to the metadata (KIP-951). */
final class ProduceReply {
    private final ProduceResponse response;
    private final ClusterLine cluster;
    private final Map<TopicPartition, ProduceResponse.PartitionProduceResponse> answers = new HashMap<>();

    ProduceReply(ProduceResponse response, ClusterLine cluster) {
        this.response = response;
        this.cluster = cluster;
        for (ProduceResponse.TopicProduceResponse topic : response.responses()) {
            String name = topic.topicId().equals(Uuid.ZERO) ? topic.name() : nameOf(topic.topicId());
            if (name == null) continue;
            for (ProduceResponse.PartitionProduceResponse each : topic.partitionResponses()) {
                if (each.index() >= 0) answers.put(new TopicPartition(name, each.index()), each);
            }
        }
    }

    private @Nullable String nameOf(Uuid topicId) {
        return cluster.view().topicName(topicId);
    }

    /** What is said about a batch. */
    BatchAnswer answerTo(PartitionLine line) {
        ProduceResponse.PartitionProduceResponse said = answers.get(new TopicPartition(line.topic, line.partition));
        if (said == null) return BatchAnswer.lost("the broker's answer says nothing of it");
        ErrorCode error = ErrorCode.forCode(said.errorCode());
        if (error == ErrorCode.NONE) {
            return new BatchAnswer(error, said.baseOffset(), said.logAppendTimeMs(), "", Map.of(), false);
        }
        String words = said.errorMessage();
        return new BatchAnswer(
                error, said.baseOffset(), -1, words == null ? "" : words, byRecord(said), takeHint(line, said));
    }

    private static Map<Integer, String> byRecord(ProduceResponse.PartitionProduceResponse said) {
        List<ProduceResponse.BatchIndexAndErrorMessage> errors = said.recordErrors();
        if (errors.isEmpty()) return Map.of();
        Map<Integer, String> byRecord = new HashMap<>();
        for (ProduceResponse.BatchIndexAndErrorMessage each : errors) {
            String words = each.batchIndexErrorMessage();
            byRecord.put(each.batchIndex(), words == null ? "refused" : words);
        }
        return byRecord;
    }

    private boolean takeHint(PartitionLine line, ProduceResponse.PartitionProduceResponse said) {
        ProduceResponse.LeaderIdAndEpoch leader = said.currentLeader();
        ClusterTopic topic = cluster.view().topic(line.topic);
        if (leader.leaderId() < 0 || topic == null) return false;
        ClusterNode node = null;
        for (ProduceResponse.NodeEndpoint each : response.nodeEndpoints()) {
            if (each.nodeId() == leader.leaderId() && each.port() >= 0 && each.port() <= 65_535) {
                node = new ClusterNode(each.nodeId(), each.host(), each.port(), each.rack());
            }
        }
        PartitionLeader hinted = new PartitionLeader(leader.leaderId(), leader.leaderEpoch());
        return cluster.hint(line.topic, topic.id(), line.partition, hinted, node);
    }
}
