package io.millrace.client;

import io.millrace.protocol.ApiKey;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.Request;
import io.millrace.protocol.Response;
import io.millrace.protocol.messages.FindCoordinatorRequest;
import io.millrace.protocol.messages.FindCoordinatorResponse;
import io.millrace.protocol.messages.OffsetCommitRequest;
import io.millrace.protocol.messages.OffsetCommitResponse;
import io.millrace.protocol.messages.OffsetCommitResponse.OffsetCommitResponsePartition;
import io.millrace.protocol.messages.OffsetCommitResponse.OffsetCommitResponseTopic;
import io.millrace.protocol.messages.OffsetFetchRequest;
import io.millrace.protocol.messages.OffsetFetchResponse;
import io.millrace.protocol.messages.OffsetFetchResponse.OffsetFetchResponseGroup;
import io.millrace.protocol.messages.OffsetFetchResponse.OffsetFetchResponsePartition;
import io.millrace.protocol.messages.OffsetFetchResponse.OffsetFetchResponsePartitions;
import io.millrace.protocol.messages.OffsetFetchResponse.OffsetFetchResponseTopic;
import io.millrace.protocol.messages.OffsetFetchResponse.OffsetFetchResponseTopics;
import io.millrace.records.TopicPartition;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** The coordinator of a group that reads a {@link ScriptedLog}, on its node: keeps one partition's offset, and fails as it is told. */
final class ScriptedCoordinator {
    static final String GROUP = "readers";
    private static final int PATIENCE_S = 20;

    /** What befalls one request. */
    sealed interface Trouble {
        /** It is answered so. */
        record Refused(ErrorCode error) implements Trouble {}

        /** The connection ends instead of an answer; the request may have had its effect. */
        record Cut(boolean isDone) implements Trouble {}
    }

    final Map<TopicPartition, CommittedOffset> committed = new ConcurrentHashMap<>();
    /** Of the next commits and questions, in order. */
    final Queue<Trouble> troubles = new ConcurrentLinkedQueue<>();
    /** Longer ones are refused. */
    volatile int mostMetadataChars = 4_096;
    /** Of the next searches. */
    final Queue<ErrorCode> searches = new ConcurrentLinkedQueue<>();
    /** Of all searches, once {@link #searches} is empty. */
    volatile ErrorCode search = ErrorCode.NONE;

    private final ScriptedNode node;
    private final BlockingQueue<Long> taken = new LinkedBlockingQueue<>();

    /** Speaks all versions. */
    ScriptedCoordinator(ScriptedNode node) {
        this(
                node,
                ApiKey.OFFSET_COMMIT.latestVersion(),
                ApiKey.OFFSET_FETCH.latestVersion(),
                ApiKey.FIND_COORDINATOR.latestVersion());
    }

    /** Speaks versions up to these. */
    ScriptedCoordinator(ScriptedNode node, int commits, int questions, int finds) {
        this.node = node;
        node.speaks(ApiKey.FIND_COORDINATOR, ApiKey.FIND_COORDINATOR.oldestVersion(), finds, this::find);
        node.speaks(ApiKey.OFFSET_COMMIT, ApiKey.OFFSET_COMMIT.oldestVersion(), commits, this::commit);
        node.speaks(ApiKey.OFFSET_FETCH, ApiKey.OFFSET_FETCH.oldestVersion(), questions, this::question);
    }

    /** Returns once that offset has been committed, since the last time. */
    void awaitCommit(long offset) {
        try {
            for (Long each = taken.poll(PATIENCE_S, TimeUnit.SECONDS);
                    each == null || each != offset;
                    each = taken.poll(PATIENCE_S, TimeUnit.SECONDS))
                if (each == null) throw new AssertionError("offset " + offset + " is not committed");
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError("interrupted", e);
        }
    }

    private Response find(Request request, int version) {
        ErrorCode error = Objects.requireNonNullElse(searches.poll(), search);
        String host = error == ErrorCode.NONE ? node.address().host() : "";
        int port = error == ErrorCode.NONE ? node.address().port() : -1;
        int nodeId = error == ErrorCode.NONE ? 0 : -1;
        FindCoordinatorRequest asked = (FindCoordinatorRequest) request;
        if (version < 4) {
            return FindCoordinatorResponse.builder()
                    .errorCode(error.code())
                    .nodeId(nodeId)
                    .host(host)
                    .port(port)
                    .build();
        }
        return FindCoordinatorResponse.builder()
                .coordinators(List.of(FindCoordinatorResponse.Coordinator.builder()
                        .key(asked.coordinatorKeys().getFirst())
                        .errorCode(error.code())
                        .nodeId(nodeId)
                        .host(host)
                        .port(port)
                        .build()))
                .build();
    }

    private @Nullable Response commit(Request request, int version) {
        Trouble trouble = troubles.poll();
        if (trouble instanceof Trouble.Cut(boolean isDone) && !isDone) return null;
        ErrorCode error = trouble instanceof Trouble.Refused(ErrorCode its) ? its : ErrorCode.NONE;
        String said = ((OffsetCommitRequest) request)
                .topics()
                .getFirst()
                .partitions()
                .getFirst()
                .committedMetadata();
        if (said != null && said.length() > mostMetadataChars) error = ErrorCode.OFFSET_METADATA_TOO_LARGE;
        var topic = ((OffsetCommitRequest) request).topics().getFirst();
        var asked = topic.partitions().getFirst();
        if (version < 10 != topic.name().equals(ScriptedLog.PARTITION.topic()))
            throw new IllegalStateException("topic " + topic + " in version " + version);
        if (error == ErrorCode.NONE) {
            String metadata = asked.committedMetadata();
            committed.put(
                    ScriptedLog.PARTITION,
                    new CommittedOffset(
                            asked.committedOffset(), asked.committedLeaderEpoch(), metadata == null ? "" : metadata));
            taken.add(asked.committedOffset());
        }
        if (trouble instanceof Trouble.Cut) return null;
        return OffsetCommitResponse.builder()
                .topics(List.of(new OffsetCommitResponseTopic(
                        topic.name(),
                        topic.topicId(),
                        List.of(new OffsetCommitResponsePartition(asked.partitionIndex(), error.code())))))
                .build();
    }

    private @Nullable Response question(Request request, int version) {
        Trouble trouble = troubles.poll();
        if (trouble instanceof Trouble.Cut) return null;
        short error = trouble instanceof Trouble.Refused(ErrorCode its) ? its.code() : ErrorCode.NONE.code();
        CommittedOffset known = committed.get(ScriptedLog.PARTITION);
        long offset = known == null ? -1 : known.offset();
        int leaderEpoch = known == null ? -1 : known.leaderEpoch();
        String metadata = known == null ? "" : known.metadata();
        OffsetFetchRequest asked = (OffsetFetchRequest) request;
        if (version < 8) {
            var partition = OffsetFetchResponsePartition.builder()
                    .partitionIndex(ScriptedLog.PARTITION.partition())
                    .committedOffset(offset)
                    .committedLeaderEpoch(version < 5 ? -1 : leaderEpoch)
                    .metadata(metadata)
                    .errorCode(error)
                    .build();
            return OffsetFetchResponse.builder()
                    .topics(List.of(new OffsetFetchResponseTopic(ScriptedLog.PARTITION.topic(), List.of(partition))))
                    .build();
        }
        var group = asked.groups().getFirst();
        var topics = Objects.requireNonNull(group.topics());
        var partition = OffsetFetchResponsePartitions.builder()
                .partitionIndex(ScriptedLog.PARTITION.partition())
                .committedOffset(offset)
                .committedLeaderEpoch(leaderEpoch)
                .metadata(metadata)
                .errorCode(error)
                .build();
        return OffsetFetchResponse.builder()
                .groups(List.of(OffsetFetchResponseGroup.builder()
                        .groupId(group.groupId())
                        .topics(List.of(new OffsetFetchResponseTopics(
                                topics.getFirst().name(), topics.getFirst().topicId(), List.of(partition))))
                        .build()))
                .build();
    }
}
