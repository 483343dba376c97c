package io.millrace.server;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.millrace.metadata.ConfigResource;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.messages.AlterReplicaLogDirsRequest;
import io.millrace.protocol.messages.AlterReplicaLogDirsResponse;
import io.millrace.protocol.messages.DescribeLogDirsRequest;
import io.millrace.protocol.messages.DescribeLogDirsResponse;
import io.millrace.protocol.messages.ElectLeadersRequest;
import io.millrace.protocol.messages.ElectLeadersResponse;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A replica is moved between two directories of its broker while it follows, leads, and follows again; whole nodes, sockets and files. */
class FollowerMoveOnHostTest {
    private static final String TOPIC = "t";
    private static final int BATCH_BYTES = 200_000;

    @TempDir
    Path directory;

    private static HostedNode broker(HostedBrokers cluster, int id) throws Exception {
        return cluster.broker(id, "log.dirs", cluster.logDir(id, "a") + "," + cluster.logDir(id, "b"));
    }

    private static void rate(HostedNode at, long bytesPerSecond) throws Exception {
        HostedBrokers.alter(
                at,
                ConfigResource.Type.BROKER,
                "11",
                Map.of("replica.alter.log.dirs.io.max.bytes.per.second", String.valueOf(bytesPerSecond)));
    }

    private static void produce(HostedNode at, int batches) throws Exception {
        for (int i = 0; i < batches; i++)
            HostedNode.await(
                    "that a record is taken",
                    () -> HostedBrokers.produce(at, TOPIC, "x".repeat(BATCH_BYTES)),
                    error -> error == ErrorCode.NONE);
    }

    /** Bytes of the replica by directory; those of a copy by the directory and a +. */
    private static Map<String, Long> sizes(HostedNode at) throws Exception {
        Map<String, Long> sizes = new TreeMap<>();
        var answer = at.ask(DescribeLogDirsRequest.builder().topics(null).build(), DescribeLogDirsResponse.class);
        for (var dir : answer.results())
            for (var topic : dir.topics())
                for (var partition : topic.partitions())
                    sizes.put(
                            Path.of(dir.logDir()).getFileName() + (partition.isFutureKey() ? "+" : ""),
                            partition.partitionSize());
        return sizes;
    }

    private static ErrorCode move(HostedNode at, Path to) throws Exception {
        var request = AlterReplicaLogDirsRequest.builder()
                .dirs(List.of(AlterReplicaLogDirsRequest.AlterReplicaLogDir.builder()
                        .path(to.toString())
                        .topics(List.of(AlterReplicaLogDirsRequest.AlterReplicaLogDirTopic.builder()
                                .name(TOPIC)
                                .partitions(List.of(0))
                                .build()))
                        .build()));
        return ErrorCode.forCode(at.ask(request.build(), AlterReplicaLogDirsResponse.class)
                .results()
                .getFirst()
                .partitions()
                .getFirst()
                .errorCode());
    }

    private static int leader(HostedNode at) throws Exception {
        return HostedBrokers.topic(at, TOPIC).partitions().getFirst().leaderId();
    }

    @Test
    void aMoveOutlivesTwoChangesOfRoleUnderWrites() throws Exception {
        try (HostedBrokers cluster = new HostedBrokers(directory)) {
            HostedNode first = broker(cluster, 10);
            HostedNode second = broker(cluster, 11);
            HostedBrokers.create(first, TOPIC, List.of(10, 11));
            String home = sizes(second).keySet().iterator().next();
            String away = home.equals("a") ? "b" : "a";
            produce(first, 10);
            rate(first, 20_000);
            assertEquals(ErrorCode.NONE, move(second, cluster.logDir(11, away)));
            HostedNode.await("a copy", () -> sizes(second).keySet(), keys -> keys.contains(away + "+"));
            produce(first, 1);

            cluster.stop(first);
            HostedNode.await("that broker 11 leads", () -> leader(second), Integer.valueOf(11)::equals);
            produce(second, 1);
            HostedNode again = broker(cluster, 10);
            HostedNode.await(
                    "that broker 10 is in sync", () -> HostedBrokers.inSync(second, TOPIC), List.of(10, 11)::equals);
            assertEquals(2, sizes(second).size(), "the copy is not done yet");
            ElectLeadersResponse elected = again.ask(
                    ElectLeadersRequest.builder()
                            .electionType((byte) 0)
                            .topicPartitions(List.of(ElectLeadersRequest.TopicPartitions.builder()
                                    .topic(TOPIC)
                                    .partitions(List.of(0))
                                    .build()))
                            .timeoutMs(20_000)
                            .build(),
                    ElectLeadersResponse.class);
            assertEquals(ErrorCode.NONE.code(), elected.errorCode());
            HostedNode.await("that broker 10 leads", () -> leader(again), Integer.valueOf(10)::equals);
            produce(again, 1);
            assertEquals(2, sizes(second).size(), "the copy is not done yet");

            rate(again, Long.MAX_VALUE);
            HostedNode.await("that it is moved", () -> sizes(second).keySet(), List.of(away)::containsAll);
            produce(again, 3);
            long bytes = sizes(again).values().iterator().next();
            HostedNode.await("the same bytes on both", () -> sizes(second), Map.of(away, bytes)::equals);
            cluster.stop(second);
            HostedNode third = broker(cluster, 11);
            HostedNode.await(
                    "that broker 11 is in sync", () -> HostedBrokers.inSync(again, TOPIC), List.of(10, 11)::equals);
            assertEquals(Map.of(away, bytes), sizes(third));
        }
    }
}
