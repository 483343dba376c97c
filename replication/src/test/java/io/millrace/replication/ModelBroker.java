package io.millrace.replication;

import io.millrace.protocol.ErrorCode;
import io.millrace.replication.ModelController.Snapshot;
import io.millrace.replication.ModelLog.Entry;
import io.millrace.testkit.SeededRandom;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A broker with its replica of the partition; carries out what the machines decide, and loses what was not forced when power is cut. */
final class ModelBroker {
    private static final long LAG_TIME_MAX_MS = 500;
    private static final long FETCH_TIMEOUT_MS = 150;
    static final long PROPOSAL_TIMEOUT_MS = 1200;

    final ModelLog log = new ModelLog();
    private final ReplicationModel model;
    private final SeededRandom random;
    private final int id;
    private final boolean asksEpochFirst;
    private int life;
    private boolean isUp;
    private boolean stoppedCleanly = true;
    private long brokerEpoch = KnownBrokers.NO_EPOCH;
    private @Nullable Snapshot known;
    private @Nullable PartitionLeader leader;
    private @Nullable PartitionFollower follower;
    private OffsetWaiters<Waiting> acks = new OffsetWaiters<>();
    private Map<Integer, FollowerFetch> lastFetches = new HashMap<>();
    private int leaderId;
    private long highWatermark;
    private long checkpointedHighWatermark;
    private long controllerReachedAtMs;
    private long answeredAtMs;

    /** A producer of acks=all. */
    private record Waiting(long offset, Entry entry) {}

    /** What comes back over the network; the records of an answer, if it has any, beside it. */
    private record Reply(FollowerAnswer answer, List<Entry> records, long leadersHighWatermark) {}

    ModelBroker(ReplicationModel model, SeededRandom random, int id, boolean asksEpochFirst) {
        this.model = model;
        this.random = random;
        this.id = id;
        this.asksEpochFirst = asksEpochFirst;
    }

    int id() {
        return id;
    }

    boolean isLeader() {
        return leader != null;
    }

    long highWatermark() {
        return highWatermark;
    }

    int life() {
        return life;
    }

    boolean hasCommittedSince(long value) {
        return isUp
                && highWatermark > log.logStartOffset()
                && log.entry(highWatermark - 1).value() >= value;
    }

    // Lives

    void startIfDown() {
        if (isUp) return;
        isUp = true;
        highWatermark = Math.max(log.logStartOffset(), Math.min(checkpointedHighWatermark, log.logEndOffset()));
        later(random.nextInt(60), this::register);
        later(0, this::force);
    }

    private void register() {
        if (model.isCut(id, ReplicationModel.CONTROLLER)) {
            later(30, this::register);
            return;
        }
        brokerEpoch = model.controller().register(id, stoppedCleanly, model.nowMs());
        stoppedCleanly = false;
        model.registered(id);
        later(0, this::heartbeat);
        later(0, this::pullMetadata);
        later(0, this::poll);
        later(0, this::tick);
    }

    /** A controlled shutdown. */
    void stop() {
        if (!isUp || brokerEpoch == KnownBrokers.NO_EPOCH) return;
        model.controller().stop(id, brokerEpoch);
        log.force(log.logEndOffset());
        checkpointedHighWatermark = highWatermark;
        stoppedCleanly = true;
        end();
    }

    /** The process is killed, or power is cut: then of what was not forced any part stays. */
    void crash() {
        if (!isUp || !model.mayCrash(id)) return;
        model.crashed(id);
        if (random.chance(0.7)) log.truncateTo(random.nextLong(log.forcedOffset(), log.logEndOffset() + 1));
        else log.truncateTo(log.logEndOffset());
        stoppedCleanly = false;
        end();
    }

    /** At the moment it hurts most. */
    private void crashAndStart() {
        crash();
        model.later(random.nextInt(20), this::startIfDown);
    }

    private void end() {
        isUp = false;
        life++;
        brokerEpoch = KnownBrokers.NO_EPOCH;
        known = null;
        leader = null;
        follower = null;
        acks = new OffsetWaiters<>();
        lastFetches = new HashMap<>();
        controllerReachedAtMs = 0;
        answeredAtMs = 0;
    }

    /** In this life, after that much time. */
    private void later(long ms, Runnable task) {
        int now = life;
        model.later(ms, () -> {
            if (life == now && isUp) task.run();
        });
    }

    private void force() {
        long until = log.logEndOffset();
        later(random.nextInt(200), () -> {
            log.force(until);
            if (random.nextInt(4) == 0) checkpointedHighWatermark = highWatermark;
            force();
        });
    }

    // Metadata

    private void heartbeat() {
        Snapshot applied = known;
        if (!model.isCut(id, ReplicationModel.CONTROLLER) && !model.isLostAtController())
            model.controller().heartbeat(id, brokerEpoch, applied == null ? -1 : applied.version(), model.nowMs());
        later(60, this::heartbeat);
    }

    private void pullMetadata() {
        if (!model.isCut(ReplicationModel.CONTROLLER, id)) {
            Snapshot now = model.controller().snapshot();
            later(random.nextInt(model.isCalm() ? 5 : 80), () -> apply(now));
        }
        later(1 + random.nextInt(model.isCalm() ? 20 : 80), this::pullMetadata);
    }

    private void apply(Snapshot next) {
        if (next.epochOf(id) != brokerEpoch || (known != null && next.version() <= known.version())) return;
        known = next;
        PartitionRegistration partition = next.partition();
        leaderId = next.leader();
        if (next.leader() == id) lead(partition, next);
        else follow(partition, next.leader());
    }

    private void lead(PartitionRegistration partition, Snapshot brokers) {
        PartitionLeader leading = leader;
        if (leading != null && leading.leaderEpoch() == partition.leaderEpoch()) {
            leading.registered(partition, brokers, model.nowMs());
            advance();
            return;
        }
        follower = null;
        acks = new OffsetWaiters<>();
        if (model.mistake() == Mistake.NEW_LEADER_TRUSTS_ITS_END) shows(log.logEndOffset());
        log.beginEpoch(partition.leaderEpoch());
        long end = log.logEndOffset();
        int wanted = model.mistake() == Mistake.MIN_ISR_IGNORED ? 1 : model.minIsr();
        leader = new PartitionLeader(
                id,
                partition,
                new ReplicationLimits(wanted, LAG_TIME_MAX_MS),
                new LogPositions(end, end, highWatermark),
                model.nowMs());
        model.claims().leads(partition.leaderEpoch(), id, log);
        if (model.mistake() == Mistake.EARLIER_PROGRESS_COUNTS)
            for (FollowerFetch last : List.copyOf(lastFetches.values())) takes(leader, again(last, partition));
        advance();
    }

    private FollowerFetch again(FollowerFetch last, PartitionRegistration partition) {
        return new FollowerFetch(
                last.brokerId(),
                last.brokerEpoch(),
                partition.leaderEpoch(),
                Math.min(last.fetchOffset(), log.logEndOffset()),
                FollowerFetch.NO_EPOCH,
                last.logStartOffset());
    }

    private void follow(PartitionRegistration partition, int newLeader) {
        leader = null;
        acks = new OffsetWaiters<>();
        if (newLeader == ModelController.NO_LEADER) {
            follower = null;
            return;
        }
        if (follower != null && follower.leaderEpoch() == partition.leaderEpoch()) return;
        if (model.mistake() == Mistake.CUT_AT_HIGH_WATERMARK) log.truncateTo(highWatermark);
        follower = new PartitionFollower(partition.leaderEpoch(), log, highWatermark, asksEpochFirst, 20);
        perform(follower.begin(), List.of());
        ask();
    }

    // Following

    private void poll() {
        ask();
        later(25, this::poll);
    }

    private void ask() {
        PartitionFollower following = follower;
        if (following == null) return;
        Optional<FollowerRequest> request = following.next(model.nowMs());
        if (request.isEmpty()) return;
        FollowerRequest asked = request.get();
        int asker = life;
        later(
                FETCH_TIMEOUT_MS,
                () -> replied(following, asked, new Reply(new FollowerAnswer.Unanswered(), List.of(), 0)));
        ModelBroker to = model.broker(leaderId);
        long epoch = brokerEpoch;
        model.send(
                id,
                to.id(),
                () -> to.handle(id, epoch, asked, reply -> {
                    model.send(to.id(), id, () -> {
                        if (life == asker && isUp) replied(following, asked, reply);
                    });
                }));
    }

    private void replied(PartitionFollower following, FollowerRequest asked, Reply reply) {
        if (following != follower) return;
        if (model.mistake() == Mistake.HIGH_WATERMARK_BEFORE_CUT && reply.answer() instanceof FollowerAnswer.Diverges)
            shows(Math.min(reply.leadersHighWatermark(), log.logEndOffset()));
        perform(following.answered(asked, reply.answer(), model.nowMs()), reply.records());
        if (following.highWatermark() < highWatermark && model.mistake() == Mistake.NONE)
            throw new AssertionError(this + " has come down to " + following.highWatermark() + " (R5)");
        later(1 + random.nextInt(20), this::ask);
    }

    private void perform(List<FollowerAction> actions, List<Entry> records) {
        for (FollowerAction action : actions) {
            switch (action) {
                case FollowerAction.TruncateTo(long offset, boolean isBelowHighWatermark) -> {
                    if (isBelowHighWatermark) throw new AssertionError(this + " is cut at " + offset + " (R5)");
                    if (offset < log.logEndOffset()) model.claims().cuts();
                    log.truncateTo(offset);
                }
                case FollowerAction.StartAnewAt(long offset) -> {
                    log.startAnewAt(offset);
                    highWatermark = offset;
                }
                case FollowerAction.AppendRecords() -> {
                    if (random.nextInt(50) == 0 && !model.isCalm()) {
                        if (follower != null) follower.recordsUnusable(model.nowMs());
                        return;
                    }
                    for (Entry entry : records) append(entry);
                }
                case FollowerAction.AdvanceHighWatermark(long offset) -> shows(offset);
                case FollowerAction.AdvanceLogStart(long offset) -> log.advanceStart(offset);
            }
        }
    }

    private void append(Entry entry) {
        model.claims().holds(log.logEndOffset(), entry, id, life);
        log.append(entry);
    }

    private void shows(long offset) {
        model.claims().shows(log, highWatermark, offset, id);
        highWatermark = Math.max(highWatermark, offset);
    }

    // Leading

    private void handle(int from, long fromEpoch, FollowerRequest request, Consumer<Reply> answer) {
        PartitionLeader leading = leader;
        if (!isUp) return;
        if (leading == null) {
            answer.accept(refused(ErrorCode.NOT_LEADER_OR_FOLLOWER));
            return;
        }
        answer.accept(
                switch (request) {
                    case FollowerRequest.EndOfEpoch(int leaderEpoch, int epoch) -> {
                        ErrorCode refusal = leading.refusal(leaderEpoch);
                        if (refusal != ErrorCode.NONE) yield refused(refusal);
                        yield plain(log.endOffsetForEpoch(epoch)
                                .<FollowerAnswer>map(FollowerAnswer.EpochEnd::new)
                                .orElse(new FollowerAnswer.EpochUnknown()));
                    }
                    case FollowerRequest.LogRange(int leaderEpoch) -> {
                        ErrorCode refusal = leading.refusal(leaderEpoch);
                        if (refusal != ErrorCode.NONE) yield refused(refusal);
                        yield plain(new FollowerAnswer.Range(log.logStartOffset(), log.logEndOffset()));
                    }
                    case FollowerRequest.Fetch(int leaderEpoch, long offset, int lastEpoch, long start) ->
                        fetch(leading, new FollowerFetch(from, fromEpoch, leaderEpoch, offset, lastEpoch, start));
                });
    }

    private static Reply refused(ErrorCode error) {
        return plain(new FollowerAnswer.Refused(error));
    }

    private static Reply plain(FollowerAnswer answer) {
        return new Reply(answer, List.of(), 0);
    }

    private Reply fetch(PartitionLeader leading, FollowerFetch fetch) {
        FollowerFetch seen = model.mistake() == Mistake.DIVERGENCE_IGNORED ? believed(fetch) : fetch;
        return switch (takes(leading, seen)) {
            case FetchVerdict.Refused(ErrorCode error) -> refused(error);
            case FetchVerdict.Diverges(var end) ->
                new Reply(new FollowerAnswer.Diverges(end), List.of(), leading.highWatermark());
            case FetchVerdict.Agrees() -> {
                advance();
                if (known != null)
                    leading.proposeGrowth(known, model.nowMs()).ifPresent(proposal -> propose(leading, proposal, true));
                yield records(leading, fetch.fetchOffset());
            }
        };
    }

    private FetchVerdict takes(PartitionLeader leading, FollowerFetch fetch) {
        Snapshot brokers = known;
        if (brokers == null) throw new AssertionError(this + " leads without metadata");
        lastFetches.put(fetch.brokerId(), fetch);
        return leading.fetched(fetch, log, brokers, model.nowMs());
    }

    private FollowerFetch believed(FollowerFetch fetch) {
        return new FollowerFetch(
                fetch.brokerId(),
                fetch.brokerEpoch(),
                fetch.leaderEpoch(),
                Math.min(fetch.fetchOffset(), log.logEndOffset()),
                FollowerFetch.NO_EPOCH,
                fetch.logStartOffset());
    }

    private Reply records(PartitionLeader leading, long fetchOffset) {
        long from = Math.min(fetchOffset, log.logEndOffset());
        long until = Math.min(log.logEndOffset(), from + 1 + random.nextInt(20));
        List<Entry> entries = new ArrayList<>();
        for (long offset = from; offset < until; offset++) entries.add(log.entry(offset));
        long next = entries.isEmpty() ? fetchOffset : until;
        return new Reply(
                new FollowerAnswer.Records(fetchOffset, next, leading.highWatermark(), log.logStartOffset()),
                entries,
                leading.highWatermark());
    }

    private void tick() {
        PartitionLeader leading = leader;
        Snapshot brokers = known;
        if (leading != null && brokers != null) {
            leading.proposeShrinking(brokers, model.nowMs()).ifPresent(proposal -> propose(leading, proposal, false));
            advance();
        }
        later(LAG_TIME_MAX_MS / 2, this::tick);
    }

    private void advance() {
        PartitionLeader leading = leader;
        if (leading == null) return;
        long before = leading.highWatermark();
        if (!leading.advance(Long.MAX_VALUE)) return;
        long now = leading.highWatermark();
        if (now <= before) throw new AssertionError("high watermark went from " + before + " to " + now + " (R3)");
        shows(now);
        model.isHeldByEnough(log, now);
        model.electableHoldCommitted();
        if (model.mistake() != Mistake.ACKNOWLEDGED_WHEN_WRITTEN) {
            boolean isEnough = leading.committedForAll() == ErrorCode.NONE;
            acks.release(now, waiting -> {
                if (isEnough) model.claims().acknowledges(waiting.offset(), waiting.entry());
            });
        }
    }

    /** A client's records of acks=all, or of acks=1 where those are refused. */
    void produce(int count) {
        PartitionLeader leading = leader;
        if (leading == null || !isUp) return;
        boolean isForAll = leading.appendForAll() == ErrorCode.NONE;
        if (!isForAll && random.nextInt(3) != 0) return;
        for (int i = 0; i < count; i++) {
            Entry entry = new Entry(leading.leaderEpoch(), model.nextValue());
            long offset = log.logEndOffset();
            append(entry);
            if (isForAll) acks.add(offset + 1, new Waiting(offset, entry));
            if (isForAll && model.mistake() == Mistake.ACKNOWLEDGED_WHEN_WRITTEN)
                model.claims().acknowledges(offset, entry);
        }
        leading.appended(log.logEndOffset());
        advance();
    }

    /** Of the committed ones. */
    void deleteRecords() {
        if (leader == null || !isUp || highWatermark <= log.logStartOffset()) return;
        log.advanceStart(random.nextLong(log.logStartOffset(), highWatermark + 1));
    }

    // Proposals: to the controller, and back, in order, or not at all

    private void propose(PartitionLeader leading, IsrProposal proposal, boolean isGrowth) {
        if (model.mistake() == Mistake.GROWTH_NOT_COUNTED && isGrowth)
            leading.answered(proposal, new ProposalAnswer.Refused(ErrorCode.OPERATION_NOT_ATTEMPTED));
        if (model.mistake() == Mistake.SHRUNK_BEFORE_COMMITTED && !isGrowth)
            leading.answered(
                    proposal,
                    new ProposalAnswer.Committed(
                            proposal.leaderEpoch(),
                            proposal.partitionEpoch(),
                            proposal.isr().stream()
                                    .map(IsrProposal.Member::brokerId)
                                    .toList()));
        if (isGrowth && !model.isCalm() && random.nextInt(6) == 0) {
            int joining = proposal.isr().getLast().brokerId();
            model.later(random.nextInt(30), model.broker(joining)::crashAndStart);
        }
        submit(leading, proposal);
    }

    private void submit(PartitionLeader leading, IsrProposal proposal) {
        for (IsrProposal.Member member : proposal.isr()) model.proposed(member.brokerId());
        long[] isDone = {0};
        later(PROPOSAL_TIMEOUT_MS, () -> {
            if (isDone[0]++ == 0) settled(leading, proposal, new ProposalAnswer.Unanswered());
        });
        if (model.isLostAtController()) return;
        int now = life;
        long epoch = brokerEpoch;
        controllerReachedAtMs = Math.max(controllerReachedAtMs, model.nowMs() + delayMs());
        // What has been sent arrives even if the sender is no more.
        model.later(controllerReachedAtMs - model.nowMs(), () -> {
            if (model.isCut(id, ReplicationModel.CONTROLLER)) return;
            ProposalAnswer answer = model.controller().alter(id, epoch, spoilt(proposal));
            if (model.isLostAtController() || model.isCut(ReplicationModel.CONTROLLER, id)) return;
            answeredAtMs = Math.max(answeredAtMs, model.nowMs() + delayMs());
            model.later(answeredAtMs - model.nowMs(), () -> {
                if (life == now && isUp && isDone[0]++ == 0) settled(leading, proposal, answer);
            });
        });
    }

    private long delayMs() {
        return random.nextLong(1, model.isCalm() ? 6 : random.nextInt(4) == 0 ? 500 : 60);
    }

    private IsrProposal spoilt(IsrProposal proposal) {
        if (model.mistake() != Mistake.BROKER_EPOCH_UNSAID) return proposal;
        return new IsrProposal(
                proposal.leaderEpoch(),
                proposal.partitionEpoch(),
                proposal.isr().stream()
                        .map(member -> new IsrProposal.Member(member.brokerId(), KnownBrokers.NO_EPOCH))
                        .toList());
    }

    private void settled(PartitionLeader leading, IsrProposal proposal, ProposalAnswer answer) {
        if (leading != leader) return;
        switch (leading.answered(proposal, answer)) {
            case ASK_AGAIN ->
                later(50, () -> {
                    if (leading == leader) submit(leading, proposal);
                });
            case SETTLED, AWAIT_METADATA, GIVEN_UP -> {}
        }
        advance();
    }

    @Override
    public String toString() {
        String role = leader != null ? "leads " + leader.leaderEpoch() : follower != null ? "follows" : "idle";
        return id + " " + (isUp ? role : "down") + " " + log + " hw " + highWatermark;
    }
}
