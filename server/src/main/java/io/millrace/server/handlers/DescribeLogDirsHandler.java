package io.millrace.server.handlers;

import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.messages.DescribeLogDirsRequest;
import io.millrace.protocol.messages.DescribeLogDirsResponse;
import io.millrace.records.TopicPartition;
import io.millrace.replication.run.LeaderPartition;
import io.millrace.server.network.Exchange;
import io.millrace.server.network.Handler;
import io.millrace.server.partitions.BrokerLane;
import io.millrace.server.storage.LogDirectories;
import io.millrace.storage.LogDirectoryFailed;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * DescribeLogDirs (key 35), versions 1-5: the log directories, what lies in them (KIP-113), and the room on their disks from v4 (KIP-827).
 */
public final class DescribeLogDirsHandler implements Handler<DescribeLogDirsRequest, DescribeLogDirsResponse> {
    private final BrokerLane home;
    private final LogDirectories directories;

    /** Makes the handler of one lane. */
    public DescribeLogDirsHandler(BrokerLane home, LogDirectories directories) {
        this.home = home;
        this.directories = directories;
    }

    /** What one lane holds in one directory. */
    private record Held(LogDirectories.InUse directory, TopicPartition partition, long sizeBytes) {}

    @Override
    public void handle(DescribeLogDirsRequest request, Exchange<DescribeLogDirsResponse> exchange) {
        List<Held> all = new ArrayList<>();
        int[] missing = {home.all().size()};
        for (BrokerLane lane : home.all())
            lane.run(() -> {
                List<Held> held = new ArrayList<>();
                lane.applier().places().forEach((name, directory) -> {
                    LeaderPartition partition = lane.partitions().find(name);
                    if (partition != null)
                        held.add(new Held(directory, name, partition.log().sizeBytes()));
                });
                home.run(() -> {
                    all.addAll(held);
                    if (--missing[0] == 0) exchange.reply(answer(request, all));
                });
            });
    }

    private DescribeLogDirsResponse answer(DescribeLogDirsRequest request, List<Held> all) {
        Set<TopicPartition> wanted = new HashSet<>();
        if (request.topics() != null)
            for (var topic : request.topics())
                for (int partition : topic.partitions())
                    if (partition >= 0) wanted.add(new TopicPartition(topic.topic(), partition));
        List<DescribeLogDirsResponse.DescribeLogDirsResult> results = new ArrayList<>();
        for (Path offline : directories.offlinePaths())
            results.add(DescribeLogDirsResponse.DescribeLogDirsResult.builder()
                    .logDir(offline.toString())
                    .errorCode(ErrorCode.KAFKA_STORAGE_ERROR.code())
                    .build());
        for (LogDirectories.InUse directory : directories.online()) {
            Map<TopicPartition, Long> sizes = new TreeMap<>();
            for (Held held : all)
                if (held.directory().id().equals(directory.id())
                        && (request.topics() == null || wanted.contains(held.partition())))
                    sizes.put(held.partition(), held.sizeBytes());
            results.add(result(directory, sizes));
        }
        return DescribeLogDirsResponse.builder().results(results).build();
    }

    private static DescribeLogDirsResponse.DescribeLogDirsResult result(
            LogDirectories.InUse directory, Map<TopicPartition, Long> sizes) {
        var result = DescribeLogDirsResponse.DescribeLogDirsResult.builder()
                .logDir(directory.directory().path().toString());
        try {
            result.totalBytes(directory.directory().totalBytes())
                    .usableBytes(directory.directory().usableBytes());
        } catch (LogDirectoryFailed failed) {
            return result.errorCode(ErrorCode.KAFKA_STORAGE_ERROR.code()).build();
        }
        Map<String, List<DescribeLogDirsResponse.DescribeLogDirsPartition>> byTopic = new TreeMap<>();
        sizes.forEach((partition, size) -> byTopic.computeIfAbsent(partition.topic(), topic -> new ArrayList<>())
                .add(DescribeLogDirsResponse.DescribeLogDirsPartition.builder()
                        .partitionIndex(partition.partition())
                        .partitionSize(size)
                        .build()));
        List<DescribeLogDirsResponse.DescribeLogDirsTopic> topics = new ArrayList<>();
        byTopic.forEach((topic, partitions) -> topics.add(DescribeLogDirsResponse.DescribeLogDirsTopic.builder()
                .name(topic)
                .partitions(partitions)
                .build()));
        return result.topics(topics).build();
    }
}
