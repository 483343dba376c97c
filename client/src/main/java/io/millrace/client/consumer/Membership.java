package io.millrace.client.consumer;

import io.millrace.client.ConsumerGroupMetadata;
import io.millrace.client.cluster.run.ClientLane;
import io.millrace.client.committing.Committer;
import io.millrace.client.committing.run.CoordinatorLine;
import io.millrace.client.membership.Handover;
import io.millrace.client.membership.MemberIdentity;
import io.millrace.client.membership.run.MemberEvents;
import io.millrace.client.membership.run.MemberLane;
import io.millrace.environment.Lane;
import io.millrace.protocol.ErrorCode;
import io.millrace.records.TopicPartition;
import java.util.Collection;
import java.util.Collections;
import java.util.Optional;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A consumer's membership of its group, where the lane and the application's thread meet. What is not said to be otherwise is the
 * latter's.
 */
final class Membership implements MemberEvents {
    private static final System.Logger LOG = System.getLogger(Membership.class.getName());

    /** What a consumer does with its partitions when they change hands. */
    interface Partitions {
        /** Reads these from now on. */
        void add(Collection<TopicPartition> partitions);

        /** Reads these no more. */
        void remove(Collection<TopicPartition> partitions);

        /** Commits where it stands in these, if that is automatic, and waits for commits under way, so long at most. */
        void commit(Collection<TopicPartition> partitions, long timeoutMs);
    }

    private record Failed(ErrorCode error, String sentence, boolean isFinal) {}

    final MemberLane member;
    private final String groupId;
    private final long maxPollMs;
    private final long commitMs;
    private final ClientLane client;
    private final Lane lane;
    private final Mailbox mailbox;
    private final GroupCommits commits;
    private final Partitions partitions;
    private final Consumer<String> troubles;
    private @Nullable SortedSet<String> topics;
    private @Nullable Pattern pattern;
    private RebalanceListener listener = RebalanceListener.NONE;
    private boolean isToldToLane;
    private boolean isCalling;
    private volatile @Nullable Handover handover;
    private volatile @Nullable Failed failed;
    private volatile long tooSlowMs = -1;
    private volatile MemberIdentity identity;
    private volatile boolean isPolling;
    private volatile long polledAtMs;

    Membership(
            ConsumerOptions options,
            ClientLane client,
            Mailbox mailbox,
            GroupCommits commits,
            Partitions partitions,
            Consumer<String> troubles) {
        var rules = options.membershipRules();
        this.groupId = rules.groupId();
        this.maxPollMs = rules.maxPollMs();
        this.commitMs = Math.min(options.apiTimeoutMs(), options.requestTimeoutMs());
        this.client = client;
        this.lane = client.lane();
        this.mailbox = mailbox;
        this.commits = commits;
        this.partitions = partitions;
        this.troubles = troubles;
        this.identity = MemberIdentity.stranger(rules.instanceId());
        this.member = new MemberLane(
                client,
                rules,
                options.assignors(),
                new CoordinatorLine(client, groupId, options.settings(), options.reconnects(), rules.backoff()),
                nowMs -> isPolling ? nowMs : polledAtMs,
                !options.excludesInternalTopics(),
                this);
        commits.whenRefused(member::commitRefused);
    }

    boolean isSubscribed() {
        return topics != null || pattern != null;
    }

    /** Reads these topics from the next poll on. */
    void subscribe(SortedSet<String> wanted, RebalanceListener itsListener) {
        topics = wanted;
        pattern = null;
        subscribed(itsListener);
    }

    void subscribe(Pattern wanted, RebalanceListener itsListener) {
        topics = null;
        pattern = wanted;
        subscribed(itsListener);
    }

    private void subscribed(RebalanceListener itsListener) {
        listener = itsListener;
        isToldToLane = false;
        if (!identity.isMember()) commits.refuse(true);
    }

    ConsumerGroupMetadata metadata() {
        MemberIdentity now = identity;
        return new ConsumerGroupMetadata(
                groupId, now.generation(), now.memberId(), Optional.ofNullable(now.instanceId()));
    }

    /**
     * A poll has begun.
     *
     * @param lastRecord what the application was given last, for a person; empty for nothing
     * @throws ConsumerFailure if it comes too late, or there is no membership to be had
     */
    void beginPoll(String lastRecord) {
        if (isCalling) throw new IllegalStateException("a rebalance listener cannot poll");
        long sinceMs = tooSlowMs;
        if (sinceMs >= 0) {
            tooSlowMs = -1;
            long spentMs = client.nowMs() - polledAtMs;
            polledAtMs = client.nowMs();
            lane.execute(member::resume);
            throw new ConsumerFailure(
                    ErrorCode.UNKNOWN_MEMBER_ID,
                    "the consumer was not polled for " + spentMs + " ms, longer than max.poll.interval.ms=" + maxPollMs
                            + ", and had to leave group " + groupId + " after " + sinceMs + " ms"
                            + (lastRecord.isEmpty() ? "" : "; since then it has had " + lastRecord)
                            + ". Its partitions are lost; the next poll joins again. Take fewer records at a time"
                            + " (max.poll.records), or allow more time between polls");
        }
        isPolling = true;
        failIfFailed();
        if (isToldToLane) return;
        isToldToLane = true;
        SortedSet<String> wanted = topics;
        Pattern wantedPattern = pattern;
        if (wanted != null) lane.execute(() -> member.subscribe(wanted));
        else if (wantedPattern != null) {
            TopicPattern counted = new TopicPattern(
                    wantedPattern, sentence -> failed(ErrorCode.INVALID_REGULAR_EXPRESSION, sentence, true));
            lane.execute(() -> member.subscribe(counted));
        }
    }

    /** The application goes about its records. */
    void endPoll() {
        polledAtMs = client.nowMs();
        isPolling = false;
    }

    private void failIfFailed() {
        Failed why = failed;
        if (why == null) return;
        if (!why.isFinal()) {
            failed = null;
            lane.execute(member::resume);
        }
        throw new ConsumerFailure(why.error(), why.sentence());
    }

    /** Does what is to be done with partitions, if anything is. */
    void handOver() {
        for (Handover next = handover; next != null; next = handover) {
            handover = null;
            Handover doing = next;
            try {
                carryOut(doing);
            } finally {
                lane.execute(() -> member.handedOver(doing));
                mailbox.tell(); // What came while the listener waited for something is looked at.
            }
        }
        failIfFailed();
    }

    private void carryOut(Handover doing) {
        Set<TopicPartition> its = Collections.unmodifiableSortedSet(new TreeSet<>(doing.partitions()));
        switch (doing) {
            case Handover.Revoke revoke -> letGo(its, !identity.isMember(), commitMs);
            case Handover.Lose lose -> letGo(its, true, commitMs);
            case Handover.Assign assign -> {
                partitions.add(its);
                call("onAssigned", () -> listener.onAssigned(its));
            }
        }
    }

    private void letGo(Set<TopicPartition> its, boolean isLost, long timeoutMs) {
        try {
            if (isLost) {
                call("onLost", () -> listener.onLost(its));
            } else {
                partitions.commit(its, timeoutMs);
                call("onRevoked", () -> listener.onRevoked(its));
            }
        } finally {
            partitions.remove(its);
        }
    }

    /** Calls the application. It is not waiting for records then: what it takes is its own time between polls. */
    private void call(String what, Runnable callback) {
        boolean wasPolling = isPolling;
        polledAtMs = client.nowMs();
        isPolling = false;
        isCalling = true;
        try {
            callback.run();
        } catch (WokenUp | ConsumerFailure own) {
            throw own;
        } catch (RuntimeException e) {
            throw new ConsumerFailure(
                    ErrorCode.UNKNOWN_SERVER_ERROR, "the rebalance listener failed in " + what + ": " + e, null, -1, e);
        } finally {
            isCalling = false;
            isPolling = wasPolling;
        }
    }

    /** Lets all go and leaves; goes back to being no member. */
    void unsubscribe(Set<TopicPartition> held) {
        if (isCalling) throw new IllegalStateException("a rebalance listener cannot unsubscribe");
        try {
            if (!held.isEmpty()) letGo(held, !identity.isMember(), commitMs);
        } finally {
            topics = null;
            pattern = null;
            listener = RebalanceListener.NONE;
            CompletableFuture<Boolean> done = new CompletableFuture<>();
            lane.execute(() -> {
                member.unsubscribe();
                handover = null;
                failed = null;
                tooSlowMs = -1;
                done.complete(true);
            });
            await(done, Long.MAX_VALUE / 2_000_000);
            commits.refuse(false);
        }
    }

    /** Lets all go, leaves for good, and waits for that. */
    void close(Set<TopicPartition> held, long timeoutMs) {
        try {
            if (!held.isEmpty()) letGo(held, !identity.isMember(), timeoutMs);
        } finally {
            CompletableFuture<Boolean> done = new CompletableFuture<>();
            lane.execute(() -> member.close(() -> done.complete(true)));
            if (!await(done, timeoutMs))
                LOG.log(
                        System.Logger.Level.WARNING,
                        "group " + groupId + " could not be told within " + timeoutMs
                                + " ms that a member leaves; it waits for session.timeout.ms");
        }
    }

    private static boolean await(CompletableFuture<Boolean> done, long timeoutMs) {
        try {
            return done.get(timeoutMs, TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
            return false;
        } catch (ExecutionException e) {
            throw new IllegalStateException("nothing fails here", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    @Override
    public void handOver(Handover next) {
        handover = next;
        mailbox.tell();
    }

    @Override
    public void isNow(MemberIdentity now) {
        identity = now;
        commits.actAs(
                now.isMember() ? new Committer(now.memberId(), now.generation(), now.instanceId()) : Committer.NOBODY);
        commits.refuse(!now.isMember());
    }

    @Override
    public void wasTooSlow(long sinceMs) {
        tooSlowMs = sinceMs;
        mailbox.tell();
    }

    @Override
    public void failed(ErrorCode error, String sentence, boolean isFinal) {
        failed = new Failed(error, sentence, isFinal);
        mailbox.tell();
    }

    @Override
    public void onTrouble(String sentence) {
        troubles.accept(sentence);
    }
}
