package io.millrace.server.handlers;

import io.millrace.environment.Lane;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.Uuid;
import io.millrace.protocol.messages.DescribeLogDirsRequest;
import io.millrace.protocol.messages.DescribeLogDirsResponse;
import io.millrace.records.TopicPartition;
import io.millrace.replication.run.LocalReplica;
import io.millrace.server.network.Exchange;
import io.millrace.server.network.Handler;
import io.millrace.server.partitions.BrokerLane;
import io.millrace.server.partitions.LaneMoves;
import io.millrace.server.storage.LogDirectories;
import io.millrace.storage.LogDirectoryFailed;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * DescribeLogDirs (key 35), versions 1-5: the log directories, what lies in them and is on its way there (KIP-113), the room on their disks
 * from v4 (KIP-827), and whether they are cordoned from v5 (KIP-1066).
 */
public final class DescribeLogDirsHandler implements Handler<DescribeLogDirsRequest, DescribeLogDirsResponse> {
    private final BrokerLane home;
    private final LogDirectories directories;

    /** Makes the handler of one lane. */
    public DescribeLogDirsHandler(BrokerLane home, LogDirectories directories) {
        this.home = home;
        this.directories = directories;
    }

    /** What one lane holds in one directory: a replica, or a copy that is on its way to be one. */
    private record Held(
            LogDirectories.InUse directory,
            TopicPartition partition,
            long sizeBytes,
            long offsetLag,
            boolean isFuture) {}

    /** The room on a directory's disk; nothing if it could not be asked. */
    private record Room(long totalBytes, long usableBytes) {}

    @Override
    public void handle(DescribeLogDirsRequest request, Exchange<DescribeLogDirsResponse> exchange) {
        List<Held> all = new ArrayList<>();
        int[] missing = {home.all().size()};
        for (BrokerLane lane : home.all())
            lane.run(() -> {
                List<Held> held = held(lane);
                home.run(() -> {
                    all.addAll(held);
                    if (--missing[0] == 0) measure(request, all, exchange);
                });
            });
    }

    private static List<Held> held(BrokerLane lane) {
        List<Held> held = new ArrayList<>();
        lane.applier().places().forEach((name, directory) -> {
            LocalReplica partition = lane.partitions().replica(name);
            if (partition != null)
                held.add(new Held(directory, name, partition.log().sizeBytes(), 0, false));
        });
        for (LaneMoves.Copy copy : lane.applier().moves().copies())
            held.add(new Held(copy.directory(), copy.name(), copy.sizeBytes(), copy.offsetLag(), true));
        return held;
    }

    /** Asks the disks for their room, on a helper: one that hangs must not hold the lane up. */
    private void measure(DescribeLogDirsRequest request, List<Held> all, Exchange<DescribeLogDirsResponse> exchange) {
        List<LogDirectories.InUse> online = directories.online();
        home.lane()
                .offload(
                        () -> {
                            Map<Uuid, Room> rooms = new HashMap<>();
                            for (LogDirectories.InUse use : online) {
                                try {
                                    rooms.put(
                                            use.id(),
                                            new Room(
                                                    use.directory().totalBytes(),
                                                    use.directory().usableBytes()));
                                } catch (LogDirectoryFailed failed) {
                                    rooms.remove(use.id());
                                }
                            }
                            return rooms;
                        },
                        outcome -> exchange.reply(answer(
                                request,
                                all,
                                online,
                                outcome instanceof Lane.Outcome.Done<Map<Uuid, Room>>(Map<Uuid, Room> rooms)
                                        ? rooms
                                        : Map.of())));
    }

    private DescribeLogDirsResponse answer(
            DescribeLogDirsRequest request, List<Held> all, List<LogDirectories.InUse> online, Map<Uuid, Room> rooms) {
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
        for (LogDirectories.InUse directory : online) {
            if (directories.isOffline(directory)) continue;
            List<Held> here = new ArrayList<>();
            for (Held held : all)
                if (held.directory().id().equals(directory.id())
                        && (request.topics() == null || wanted.contains(held.partition()))) here.add(held);
            results.add(result(directory, here, rooms.get(directory.id())));
        }
        return DescribeLogDirsResponse.builder().results(results).build();
    }

    private DescribeLogDirsResponse.DescribeLogDirsResult result(
            LogDirectories.InUse directory, List<Held> here, @Nullable Room room) {
        var result = DescribeLogDirsResponse.DescribeLogDirsResult.builder()
                .logDir(directory.directory().path().toString());
        if (room == null)
            return result.errorCode(ErrorCode.KAFKA_STORAGE_ERROR.code()).build();
        Map<String, List<DescribeLogDirsResponse.DescribeLogDirsPartition>> byTopic = new TreeMap<>();
        here.sort(Comparator.comparing(Held::partition));
        for (Held held : here)
            byTopic.computeIfAbsent(held.partition().topic(), topic -> new ArrayList<>())
                    .add(DescribeLogDirsResponse.DescribeLogDirsPartition.builder()
                            .partitionIndex(held.partition().partition())
                            .partitionSize(held.sizeBytes())
                            .offsetLag(held.offsetLag())
                            .isFutureKey(held.isFuture())
                            .build());
        List<DescribeLogDirsResponse.DescribeLogDirsTopic> topics = new ArrayList<>();
        byTopic.forEach((topic, partitions) -> topics.add(DescribeLogDirsResponse.DescribeLogDirsTopic.builder()
                .name(topic)
                .partitions(partitions)
                .build()));
        return result.totalBytes(room.totalBytes())
                .usableBytes(room.usableBytes())
                .isCordoned(directories.placement().isCordoned(directory))
                .topics(topics)
                .build();
    }
}
