package io.millrace.client;

import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.messages.AlterReplicaLogDirsRequest;
import io.millrace.protocol.messages.AlterReplicaLogDirsRequest.AlterReplicaLogDir;
import io.millrace.protocol.messages.AlterReplicaLogDirsRequest.AlterReplicaLogDirTopic;
import io.millrace.protocol.messages.AlterReplicaLogDirsResponse;
import io.millrace.protocol.messages.DescribeLogDirsRequest;
import io.millrace.protocol.messages.DescribeLogDirsRequest.DescribableLogDirTopic;
import io.millrace.protocol.messages.DescribeLogDirsResponse;
import io.millrace.protocol.messages.DescribeLogDirsResponse.DescribeLogDirsResult;
import io.millrace.records.TopicPartition;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.TreeSet;

/** What an {@link Admin} does with the log directories of brokers (KIP-113). */
public final class LogDirAdmin {
    private final Cluster cluster;

    LogDirAdmin(Cluster cluster) {
        this.cluster = cluster;
    }

    /** Ids of the brokers that are up, ascending. */
    public List<Integer> brokerIds() {
        return cluster.brokerIds(cluster.deadline());
    }

    /** The log directories of a broker, by path. */
    public List<LogDirListing> describe(int brokerId) {
        return describe(brokerId, DescribeLogDirsRequest.builder().topics(null).build());
    }

    /** The log directories of a broker, by path, with these partitions' replicas only. */
    public List<LogDirListing> describe(int brokerId, Collection<TopicPartition> partitions) {
        Map<String, List<Integer>> byTopic = new TreeMap<>();
        for (TopicPartition partition : new TreeSet<>(partitions))
            byTopic.computeIfAbsent(partition.topic(), topic -> new ArrayList<>())
                    .add(partition.partition());
        return describe(
                brokerId,
                DescribeLogDirsRequest.builder()
                        .topics(byTopic.entrySet().stream()
                                .map(it -> new DescribableLogDirTopic(it.getKey(), it.getValue()))
                                .toList())
                        .build());
    }

    private List<LogDirListing> describe(int brokerId, DescribeLogDirsRequest request) {
        var call = Call.of(request, DescribeLogDirsResponse.class, answer -> List.of(answer.errorCode()));
        var answer = cluster.ask(new Destination.Broker(brokerId), call, cluster.deadline());
        if (answer.errorCode() != ErrorCode.NONE.code())
            throw new ClientFailure.Refused(ErrorCode.forCode(answer.errorCode()), null);
        return answer.results().stream()
                .map(LogDirAdmin::listing)
                .sorted(Comparator.comparing(LogDirListing::path))
                .toList();
    }

    private static LogDirListing listing(DescribeLogDirsResult result) {
        List<LogDirListing.Replica> replicas = new ArrayList<>();
        for (var topic : result.topics())
            for (var it : topic.partitions())
                replicas.add(new LogDirListing.Replica(
                        new TopicPartition(topic.name(), it.partitionIndex()),
                        it.partitionSize(),
                        it.offsetLag(),
                        it.isFutureKey()));
        replicas.sort(Comparator.comparing(LogDirListing.Replica::partition));
        ErrorCode error = ErrorCode.forCode(result.errorCode());
        return new LogDirListing(
                result.logDir(),
                error == ErrorCode.NONE ? Optional.empty() : Optional.of(Answer.sentence(error, null)),
                known(result.totalBytes()),
                known(result.usableBytes()),
                result.isCordoned(),
                replicas);
    }

    private static OptionalLong known(long bytes) {
        return bytes < 0 ? OptionalLong.empty() : OptionalLong.of(bytes);
    }

    /**
     * Begins to move replicas of a broker to one of its log directories; one that is there already stays, and a move of it to
     * another directory is called off.
     *
     * @param path the directory, as the broker's properties name it
     * @return by topic and partition: the path, or why the replica is not moved
     */
    public Map<TopicPartition, Answer<String>> move(int brokerId, Collection<TopicPartition> partitions, String path) {
        if (partitions.isEmpty()) return Map.of();
        Map<TopicPartition, Answer<String>> outcomes = new LinkedHashMap<>();
        Map<String, List<Integer>> byTopic = new TreeMap<>();
        for (TopicPartition partition : new TreeSet<>(partitions)) {
            outcomes.put(partition, TopicAdmin.unanswered());
            byTopic.computeIfAbsent(partition.topic(), topic -> new ArrayList<>())
                    .add(partition.partition());
        }
        List<AlterReplicaLogDirTopic> topics = byTopic.entrySet().stream()
                .map(it -> new AlterReplicaLogDirTopic(it.getKey(), it.getValue()))
                .toList();
        var request = AlterReplicaLogDirsRequest.builder()
                .dirs(List.of(new AlterReplicaLogDir(path, topics)))
                .build();
        // A replica that is not there yet is remembered by the broker, which says so: to ask again would not help.
        var call = Call.of(request, AlterReplicaLogDirsResponse.class, answer -> List.of());
        var answer = cluster.ask(new Destination.Broker(brokerId), call, cluster.deadline());
        for (var topic : answer.results())
            for (var it : topic.partitions())
                outcomes.put(
                        new TopicPartition(topic.topicName(), it.partitionIndex()),
                        Answer.of(it.errorCode(), null, path));
        return outcomes;
    }
}
