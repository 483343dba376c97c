package io.millrace.client.consumer;

import io.millrace.client.CommittedOffset;
import io.millrace.client.cluster.run.ClientLane;
import io.millrace.client.cluster.run.ClusterLine;
import io.millrace.client.committing.Committer;
import io.millrace.client.committing.OffsetsOutcome;
import io.millrace.client.committing.run.CommittedStart;
import io.millrace.client.committing.run.CoordinatorLine;
import io.millrace.client.committing.run.GroupOffsets;
import io.millrace.client.facade.CallbackThread;
import io.millrace.client.fetching.FetchPosition;
import io.millrace.client.fetching.run.FetchLine;
import io.millrace.client.fetching.run.FetcherLane;
import io.millrace.environment.Lane;
import io.millrace.protocol.ErrorCode;
import io.millrace.records.TopicPartition;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The committed offsets of a consumer's group, as the application's thread deals with them. */
final class GroupCommits {
    private static final System.Logger LOG = System.getLogger(GroupCommits.class.getName());
    /** An automatic commit is given up when the next one is due, though not sooner than this. */
    private static final long LEAST_AUTO_MS = 5_000;

    final CoordinatorLine coordinator;
    final GroupOffsets offsets;
    private final String groupId;
    private final ClientLane client;
    private final Lane lane;
    private final Mailbox mailbox;
    private final CallbackThread callbacks;
    private final Consumer<String> whenLoginRefused;
    private final long apiTimeoutMs;
    private final boolean isAuto;
    private final long intervalMs;
    private volatile Committer committer = Committer.NOBODY;
    /** Whether this is to be a member, and is none: as nobody it could overwrite what the members commit. */
    private volatile boolean isRefused;

    private volatile Runnable whenRefused = () -> {};
    private long nextAutoMs;
    private @Nullable CompletableFuture<OffsetsOutcome> lastAuto;
    private CompletableFuture<OffsetsOutcome> lastCommit = CompletableFuture.completedFuture(OffsetsOutcome.NOTHING);

    /** For that group; {@code whenLoginRefused} is told, on the lane, if a broker is in the way of reading. */
    GroupCommits(
            String groupId,
            ConsumerOptions options,
            ClientLane client,
            Mailbox mailbox,
            Consumer<String> whenLoginRefused) {
        this.groupId = groupId;
        this.client = client;
        this.lane = client.lane();
        this.mailbox = mailbox;
        this.whenLoginRefused = whenLoginRefused;
        this.callbacks = new CallbackThread(options.clientId() + "-callbacks");
        this.apiTimeoutMs = options.apiTimeoutMs();
        this.isAuto = options.isAutoCommit();
        this.intervalMs = options.autoCommitMs();
        this.nextAutoMs = client.nowMs() + intervalMs;
        var backoff = options.fetchRules().backoff();
        this.coordinator = new CoordinatorLine(client, groupId, options.settings(), options.reconnects(), backoff);
        this.offsets = new GroupOffsets(client, groupId, coordinator, backoff, options.requestTimeoutMs());
    }

    /** Gives it its lines to the brokers. The lane's. */
    void begin(ClusterLine cluster) {
        coordinator.begin(cluster);
        offsets.begin(cluster);
    }

    /** Commits as that member from now on; any thread may say so. */
    void actAs(Committer member) {
        committer = member;
    }

    /** Refuses commits from now on, or does not; any thread may say so. */
    void refuse(boolean isSo) {
        isRefused = isSo;
    }

    /** Has this done, on the lane, whenever the coordinator refuses a member. */
    void whenRefused(Runnable then) {
        whenRefused = then;
    }

    /** Where the application stands in these partitions, as far as it is known. */
    static Map<TopicPartition, CommittedOffset> positions(Collection<AssignedPartition> partitions) {
        Map<TopicPartition, CommittedOffset> positions = new HashMap<>();
        for (AssignedPartition each : partitions) {
            each.learn();
            FetchPosition at = each.position();
            if (at != null) positions.put(each.partition, new CommittedOffset(at.offset(), at.leaderEpoch(), ""));
        }
        return positions;
    }

    /** Begins to commit; the answer tells the mailbox. */
    CompletableFuture<OffsetsOutcome> commit(Map<TopicPartition, CommittedOffset> committing) {
        return commit(committing, apiTimeoutMs, outcome -> {});
    }

    private CompletableFuture<OffsetsOutcome> commit(
            Map<TopicPartition, CommittedOffset> committing, long timeoutMs, Consumer<OffsetsOutcome> onLane) {
        if (committing.isEmpty()) return CompletableFuture.completedFuture(OffsetsOutcome.NOTHING);
        for (var each : committing.entrySet()) {
            if (each.getValue().offset() < 0)
                throw new IllegalArgumentException(
                        "offset " + each.getValue().offset() + " of " + each.getKey() + " is negative");
        }
        CompletableFuture<OffsetsOutcome> answer = new CompletableFuture<>();
        lastCommit = answer;
        if (isRefused) {
            OffsetsOutcome refused = new OffsetsOutcome(
                    ErrorCode.UNKNOWN_MEMBER_ID, "the consumer is no member of it now", Map.of(), Map.of());
            lane.execute(() -> {
                onLane.accept(refused);
                tell(answer, refused);
            });
            return answer;
        }
        Map<TopicPartition, CommittedOffset> own = Map.copyOf(committing);
        Committer by = committer;
        long deadlineMs = client.nowMs() + timeoutMs;
        lane.execute(() -> offsets.commit(own, by, deadlineMs, outcome -> {
            onLane.accept(outcome);
            tell(answer, outcome);
            if (outcome.isOfNoMember()) whenRefused.run();
        }));
        return answer;
    }

    /** Begins to commit; what depends on the answer runs on the thread of callbacks, in the order of the commits. */
    CompletableFuture<Void> commitApart(Map<TopicPartition, CommittedOffset> committing) {
        if (committing.isEmpty()) return CompletableFuture.completedFuture(null);
        CompletableFuture<Void> done = new CompletableFuture<>();
        lastCommit = commit(
                committing,
                apiTimeoutMs,
                outcome -> callbacks.execute(() -> {
                    if (outcome.error() == ErrorCode.NONE) done.complete(null);
                    else done.completeExceptionally(failure("the commit", outcome));
                }));
        return done;
    }

    CompletableFuture<OffsetsOutcome> committed(Collection<TopicPartition> partitions) {
        CompletableFuture<OffsetsOutcome> answer = new CompletableFuture<>();
        Committer by = committer;
        long deadlineMs = client.nowMs() + apiTimeoutMs;
        lane.execute(() -> offsets.committed(partitions, by, deadlineMs, outcome -> tell(answer, outcome)));
        return answer;
    }

    private void tell(CompletableFuture<OffsetsOutcome> answer, OffsetsOutcome outcome) {
        answer.complete(outcome);
        mailbox.tell();
    }

    ConsumerFailure failure(String what, OffsetsOutcome outcome) {
        String hint = "";
        if (isRefused || (outcome.isOfNoMember() && !committer.equals(Committer.NOBODY)))
            hint = "; the group may have given its partitions to others: poll, and take care of what is assigned then";
        else if (outcome.error() == ErrorCode.UNKNOWN_MEMBER_ID)
            hint = "; the group has members, and only they may commit";
        else if (outcome.error() == ErrorCode.REBALANCE_IN_PROGRESS)
            hint = "; poll, and commit what is still assigned then";
        return new ConsumerFailure(
                outcome.error(), what + " of group " + groupId + " failed: " + outcome.sentence() + hint);
    }

    /** Has reading begin where the group has committed, or else where {@code auto.offset.reset} says. */
    void begin(List<AssignedPartition> fresh, FetcherLane fetcher) {
        Map<AssignedPartition, Long> generations = new LinkedHashMap<>();
        for (AssignedPartition each : fresh) {
            each.moved(null);
            generations.put(each, each.generation);
        }
        lane.execute(() -> {
            List<CommittedStart.Fresh> lines = new ArrayList<>();
            generations.forEach((partition, generation) -> {
                FetchLine line = partition.line;
                if (line != null) lines.add(new CommittedStart.Fresh(partition.partition, line, partition, generation));
            });
            new CommittedStart(groupId, offsets, fetcher, () -> committer, whenLoginRefused).begin(lines);
        });
    }

    /** Commits in the background if it is time, and the one before is over. */
    void autoCommit(Collection<AssignedPartition> partitions) {
        if (!isAuto || isRefused) return;
        CompletableFuture<OffsetsOutcome> before = lastAuto;
        if (before != null && !before.isDone()) return;
        if (before != null) {
            warn(before.join());
            lastAuto = null;
        }
        long nowMs = client.nowMs();
        if (nowMs < nextAutoMs) return;
        nextAutoMs = nowMs + intervalMs;
        autoCommitNow(partitions);
    }

    /** Commits partitions that are about to be let go, in the background. */
    void lettingGo(Collection<AssignedPartition> partitions) {
        if (isAuto) autoCommitNow(partitions);
    }

    private void autoCommitNow(Collection<AssignedPartition> partitions) {
        long timeoutMs = Math.min(apiTimeoutMs, Math.max(intervalMs, LEAST_AUTO_MS));
        lastAuto = commit(positions(partitions), timeoutMs, outcome -> {});
    }

    private void warn(OffsetsOutcome outcome) {
        if (outcome.error() != ErrorCode.NONE)
            LOG.log(
                    System.Logger.Level.WARNING,
                    String.valueOf(failure("an automatic commit", outcome).getMessage()));
    }

    /** Commits a last time if that is automatic, and waits for all commits. */
    void finish(Collection<AssignedPartition> partitions, long timeoutMs) {
        if (isAuto && !isRefused) lastAuto = commit(positions(partitions), timeoutMs, outcome -> {});
        try {
            OffsetsOutcome last = lastCommit.get(timeoutMs, TimeUnit.MILLISECONDS);
            if (isAuto) warn(last);
        } catch (TimeoutException e) {
            LOG.log(
                    System.Logger.Level.WARNING,
                    "the last commit of group " + groupId + " was not answered within " + timeoutMs
                            + " ms; its partitions are let go all the same");
        } catch (ExecutionException e) {
            throw new IllegalStateException("a commit ends with an outcome", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Ends its lines; commits that are not answered fail. The lane's. */
    void close() {
        offsets.close();
        coordinator.close();
    }

    /** Ends the thread of callbacks behind those that are due, once the lane has ended, and waits for that. */
    void endCallbacks(long waitMs) {
        callbacks.stop();
        try {
            if (!callbacks.awaitEnd(System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(waitMs)))
                LOG.log(System.Logger.Level.WARNING, "callbacks of group " + groupId + " are still running");
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
