package io.millrace.server.handlers;

import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.messages.AlterReplicaLogDirsRequest;
import io.millrace.protocol.messages.AlterReplicaLogDirsResponse;
import io.millrace.records.TopicPartition;
import io.millrace.server.network.Exchange;
import io.millrace.server.network.Handler;
import io.millrace.server.partitions.BrokerLane;
import io.millrace.server.partitions.Gather;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * AlterReplicaLogDirs (key 34), versions 1-2: moves replicas to other log directories of this broker (KIP-113, KIP-858, KIP-1066). Answers once
 * the moves have begun.
 */
public final class AlterReplicaLogDirsHandler
        implements Handler<AlterReplicaLogDirsRequest, AlterReplicaLogDirsResponse> {
    private final BrokerLane home;

    /** Makes the handler of one lane. */
    public AlterReplicaLogDirsHandler(BrokerLane home) {
        this.home = home;
    }

    @Override
    public void handle(AlterReplicaLogDirsRequest request, Exchange<AlterReplicaLogDirsResponse> exchange) {
        // A replica that is named twice goes where it was named last.
        Map<TopicPartition, String> wanted = new LinkedHashMap<>();
        Map<String, List<Integer>> refused = new LinkedHashMap<>();
        for (var directory : request.dirs())
            for (var topic : directory.topics())
                for (int partition : topic.partitions()) {
                    if (partition >= 0) wanted.put(new TopicPartition(topic.name(), partition), directory.path());
                    else
                        refused.computeIfAbsent(topic.name(), t -> new ArrayList<>())
                                .add(partition);
                }
        List<TopicPartition> names = List.copyOf(wanted.keySet());
        Gather.ask(
                home,
                names,
                name -> name,
                (owner, name) -> owner.applier().moves().request(name, wanted.getOrDefault(name, "")),
                answers -> exchange.reply(answer(names, answers, refused)));
    }

    private static AlterReplicaLogDirsResponse answer(
            List<TopicPartition> names, List<ErrorCode> answers, Map<String, List<Integer>> refused) {
        Map<String, List<AlterReplicaLogDirsResponse.AlterReplicaLogDirPartitionResult>> byTopic =
                new LinkedHashMap<>();
        for (int i = 0; i < names.size(); i++)
            byTopic.computeIfAbsent(names.get(i).topic(), topic -> new ArrayList<>())
                    .add(result(names.get(i).partition(), answers.get(i)));
        refused.forEach((topic, partitions) ->
                partitions.forEach(partition -> byTopic.computeIfAbsent(topic, t -> new ArrayList<>())
                        .add(result(partition, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION))));
        List<AlterReplicaLogDirsResponse.AlterReplicaLogDirTopicResult> results = new ArrayList<>();
        byTopic.forEach(
                (topic, partitions) -> results.add(AlterReplicaLogDirsResponse.AlterReplicaLogDirTopicResult.builder()
                        .topicName(topic)
                        .partitions(partitions)
                        .build()));
        return AlterReplicaLogDirsResponse.builder().results(results).build();
    }

    private static AlterReplicaLogDirsResponse.AlterReplicaLogDirPartitionResult result(int index, ErrorCode error) {
        return AlterReplicaLogDirsResponse.AlterReplicaLogDirPartitionResult.builder()
                .partitionIndex(index)
                .errorCode(error.code())
                .build();
    }
}
