package io.millrace.client.committing.run;

import io.millrace.client.CommittedOffset;
import io.millrace.client.cluster.ClusterTopic;
import io.millrace.client.cluster.RetryBackoff;
import io.millrace.client.cluster.run.Alarm;
import io.millrace.client.cluster.run.ClientLane;
import io.millrace.client.cluster.run.ClusterLine;
import io.millrace.client.committing.Committer;
import io.millrace.client.committing.OffsetsAnswer;
import io.millrace.client.committing.OffsetsCall;
import io.millrace.client.committing.OffsetsOutcome;
import io.millrace.client.committing.OffsetsQueue;
import io.millrace.client.committing.OffsetsRequest;
import io.millrace.connection.run.Answer;
import io.millrace.connection.run.ClientConversation;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.Uuid;
import io.millrace.records.TopicPartition;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Commits offsets of one group and reads them back, in the order of {@link OffsetsQueue}, until a call's time is over. Everything
 * happens on one lane.
 */
public final class GroupOffsets implements CoordinatorLine.User {
    private final ClientLane lane;
    private final String groupId;
    private final CoordinatorLine coordinator;
    private final int requestTimeoutMs;
    private final OffsetsQueue queue;
    private final CommitCounters counters = new CommitCounters();
    private @Nullable ClusterLine cluster;
    /** Counts requests: an answer to one that was given up is of no use. */
    private long asked;

    private boolean isClosed;
    private final Alarm alarm;

    /**
     * Nothing is asked yet; {@link #begin} gives it the cluster.
     *
     * @param requestTimeoutMs how long the coordinator may take over one request
     */
    public GroupOffsets(
            ClientLane lane, String groupId, CoordinatorLine coordinator, RetryBackoff backoff, int requestTimeoutMs) {
        this.lane = lane;
        this.alarm = new Alarm(lane, this::look);
        this.groupId = groupId;
        this.coordinator = coordinator;
        this.requestTimeoutMs = requestTimeoutMs;
        this.queue = new OffsetsQueue(groupId, backoff);
        coordinator.tell(this);
    }

    /** Gives it the cluster, which knows topics by their ids. */
    public void begin(ClusterLine itsCluster) {
        cluster = itsCluster;
    }

    private ClusterLine cluster() {
        ClusterLine known = cluster;
        if (known == null) throw new IllegalStateException("offsets are asked for before there are brokers");
        return known;
    }

    /** What it has done. */
    public CommitCounters.Snapshot counts() {
        return counters.snapshot();
    }

    /**
     * Commits.
     *
     * @param offsets of one partition at least
     * @param by who does; the coordinator refuses {@link Committer#NOBODY} while the group has members
     * @param deadlineMs a moment of {@link ClientLane#nowMs}
     * @param then is told once, on the lane, at {@code deadlineMs} at the latest
     */
    public void commit(
            Map<TopicPartition, CommittedOffset> offsets,
            Committer by,
            long deadlineMs,
            Consumer<OffsetsOutcome> then) {
        ask(OffsetsCall.commit(offsets, by, deadlineMs, then));
    }

    /** Asks what is committed for these partitions, one at least. */
    public void committed(
            Collection<TopicPartition> partitions, Committer by, long deadlineMs, Consumer<OffsetsOutcome> then) {
        ask(OffsetsCall.question(partitions, by, deadlineMs, then));
    }

    private void ask(OffsetsCall call) {
        end(queue.add(call));
        if (isClosed) end(queue.failAll(ErrorCode.NETWORK_EXCEPTION, "the consumer has been closed"));
        else look();
    }

    private static void end(List<OffsetsQueue.Ending> endings) {
        for (OffsetsQueue.Ending each : endings) each.call().then().accept(each.outcome());
    }

    private void look() {
        if (isClosed) return;
        long nowMs = lane.nowMs();
        end(queue.expire(nowMs));
        if (queue.hasNext(nowMs)) {
            ClientConversation conversation = coordinator.ready(); // If there is none, its news will come back to it.
            if (conversation != null) askNext(conversation, nowMs);
        }
        long dueMs = queue.dueMs(nowMs);
        if (dueMs != Long.MAX_VALUE) alarm.setTo(dueMs);
    }

    private void askNext(ClientConversation conversation, long nowMs) {
        OffsetsRequest request = queue.next(nowMs);
        if (request == null) return;
        Map<String, Uuid> ids = ids(request);
        short newest = request.newestVersion(ids);
        short common = conversation.versions().highestCommon(request.apiKey(), newest);
        if (common < 0) {
            end(queue.refused(
                    ErrorCode.UNSUPPORTED_VERSION,
                    "the coordinator knows no version of " + request.apiKey() + " that is known here"));
            look();
            return;
        }
        int nodeId = coordinator.nodeId();
        long number = ++asked;
        if (request.isCommit()) counters.requests++;
        conversation.send(request.inVersion(common, ids), common, requestTimeoutMs, answer -> {
            if (number == asked) answered(request, ids, nodeId, answer, nowMs);
        });
    }

    private Map<String, Uuid> ids(OffsetsRequest request) {
        Map<String, Uuid> ids = new HashMap<>();
        for (TopicPartition each : request.offsets().keySet()) {
            ClusterTopic topic = cluster().view().topic(each.topic());
            if (topic != null && !topic.id().equals(Uuid.ZERO)) ids.put(topic.name(), topic.id());
        }
        return ids;
    }

    private void answered(OffsetsRequest request, Map<String, Uuid> ids, int nodeId, Answer answer, long sentAtMs) {
        if (isClosed) return; // It has been told.
        long nowMs = lane.nowMs();
        long randomBits = lane.randomness().nextLong();
        switch (answer) {
            case Answer.Answered(var response, short version) -> {
                OffsetsAnswer said = request.read(response, ids);
                if (request.isCommit()) counters.answered(nowMs - sentAtMs);
                if (said.isOfAnotherCoordinator()) coordinator.lost(nodeId);
                if (said.isOfOtherTopics()) cluster().refresh();
                end(queue.answered(said, nowMs, randomBits));
            }
            case Answer.Failed(Answer.Reason reason, String sentence) -> {
                if (request.isCommit()) counters.failedRequests++;
                if (reason == Answer.Reason.UNSUPPORTED_VERSION) {
                    end(queue.refused(ErrorCode.UNSUPPORTED_VERSION, sentence));
                } else {
                    if (reason != Answer.Reason.TOO_MANY) coordinator.lost(nodeId);
                    queue.unanswered(sentence, nowMs, randomBits);
                }
            }
        }
        look();
    }

    @Override
    public void onCoordinatorNews() {
        look();
    }

    @Override
    public void onCoordinatorRefused(ErrorCode error, String sentence) {
        asked++;
        end(queue.failAll(error, sentence));
    }

    @Override
    public void onCoordinatorTrouble(String sentence) {
        queue.troubledBy(sentence);
    }

    /** Fails what is not answered. */
    public void close() {
        if (isClosed) return;
        isClosed = true;
        alarm.stop();
        end(queue.failAll(ErrorCode.NETWORK_EXCEPTION, "the consumer of group " + groupId + " was closed"));
    }
}
