package io.millrace.client;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.millrace.protocol.ApiKey;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.messages.AlterReplicaLogDirsRequest;
import io.millrace.protocol.messages.AlterReplicaLogDirsResponse;
import io.millrace.protocol.messages.AlterReplicaLogDirsResponse.AlterReplicaLogDirPartitionResult;
import io.millrace.protocol.messages.AlterReplicaLogDirsResponse.AlterReplicaLogDirTopicResult;
import io.millrace.protocol.messages.DescribeLogDirsResponse;
import io.millrace.protocol.messages.DescribeLogDirsResponse.DescribeLogDirsPartition;
import io.millrace.protocol.messages.DescribeLogDirsResponse.DescribeLogDirsResult;
import io.millrace.protocol.messages.DescribeLogDirsResponse.DescribeLogDirsTopic;
import io.millrace.records.TopicPartition;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

class LogDirAdminTest {
    private static final TopicPartition HERE = new TopicPartition("t", 0);
    private static final TopicPartition NOT_YET = new TopicPartition("t", 1);

    private static Admin admin(ScriptedNode node) {
        return Admin.of(List.of(node.address()), new AdminOptions("test", 20_000, 20_000));
    }

    private static AlterReplicaLogDirPartitionResult result(int partition, ErrorCode error) {
        return AlterReplicaLogDirPartitionResult.builder()
                .partitionIndex(partition)
                .errorCode(error.code())
                .build();
    }

    @Test
    void eachReplicaIsMovedOrRefusedAndOneThatIsNotThereYetIsNotAskedForAgain() throws IOException {
        try (ScriptedNode node = new ScriptedNode()) {
            node.knowsOf(0, node)
                    .answers(
                            ApiKey.ALTER_REPLICA_LOG_DIRS,
                            request -> AlterReplicaLogDirsResponse.builder()
                                    .results(List.of(AlterReplicaLogDirTopicResult.builder()
                                            .topicName("t")
                                            .partitions(List.of(
                                                    result(0, ErrorCode.NONE),
                                                    result(1, ErrorCode.REPLICA_NOT_AVAILABLE)))
                                            .build()))
                                    .build());
            try (Admin admin = admin(node)) {
                var outcomes = admin.logDirs().move(0, List.of(NOT_YET, HERE), "/other");
                assertEquals(new Answer.Granted<>("/other"), outcomes.get(HERE));
                assertEquals(Answer.refused(ErrorCode.REPLICA_NOT_AVAILABLE.code(), null), outcomes.get(NOT_YET));
            }
            var sent = node.received(ApiKey.ALTER_REPLICA_LOG_DIRS);
            assertEquals(1, sent.size());
            var directory = ((AlterReplicaLogDirsRequest) sent.getFirst().request())
                    .dirs()
                    .getFirst();
            assertEquals("/other", directory.path());
            assertEquals(List.of(0, 1), directory.topics().getFirst().partitions());
        }
    }

    @Test
    void directoriesAreListedByPathWithWhatIsKnownOfThem() throws IOException {
        try (ScriptedNode node = new ScriptedNode()) {
            node.knowsOf(0, node)
                    .answers(
                            ApiKey.DESCRIBE_LOG_DIRS,
                            request -> DescribeLogDirsResponse.builder()
                                    .results(List.of(
                                            DescribeLogDirsResult.builder()
                                                    .logDir("/two")
                                                    .totalBytes(100)
                                                    .usableBytes(40)
                                                    .isCordoned(true)
                                                    .topics(List.of(DescribeLogDirsTopic.builder()
                                                            .name("t")
                                                            .partitions(List.of(DescribeLogDirsPartition.builder()
                                                                    .partitionIndex(0)
                                                                    .partitionSize(5)
                                                                    .offsetLag(3)
                                                                    .isFutureKey(true)
                                                                    .build()))
                                                            .build()))
                                                    .build(),
                                            DescribeLogDirsResult.builder()
                                                    .logDir("/one")
                                                    .errorCode(ErrorCode.KAFKA_STORAGE_ERROR.code())
                                                    .build()))
                                    .build());
            try (Admin admin = admin(node)) {
                var listed = admin.logDirs().describe(0);
                assertEquals(
                        new LogDirListing(
                                "/one",
                                Optional.of(Answer.sentence(ErrorCode.KAFKA_STORAGE_ERROR, null)),
                                OptionalLong.empty(),
                                OptionalLong.empty(),
                                false,
                                List.of()),
                        listed.get(0));
                var replica = new LogDirListing.Replica(HERE, 5, 3, true);
                assertEquals(
                        new LogDirListing(
                                "/two",
                                Optional.empty(),
                                OptionalLong.of(100),
                                OptionalLong.of(40),
                                true,
                                List.of(replica)),
                        listed.get(1));
                assertEquals(Optional.of(replica), listed.get(1).copyOf(HERE));
                assertEquals(Optional.empty(), listed.get(1).replicaOf(HERE));
            }
        }
    }
}
