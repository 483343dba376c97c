package io.millrace.raft;

import io.millrace.protocol.ErrorCode;
import io.millrace.records.OffsetAndEpoch;
import io.millrace.testkit.SeededRandom;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/** A replica with its disk and its clock; carries out what the machine decides, the disk taking its time. */
final class ModelNode {
    private static final QuorumTimeouts TIMEOUTS = QuorumTimeouts.DEFAULT;

    final ReplicaKey key;
    final ModelLog log = new ModelLog();
    private final QuorumModel model;
    private final SeededRandom random;
    private final VoterSet voters;
    private final boolean joins;
    private VoterHistory history = new VoterHistory(VoterSet.NONE);
    private ElectionState onDisk = ElectionState.INITIAL;
    private @Nullable ElectionState beingWritten;
    private @Nullable QuorumMachine machine;
    private ByteArrayOutputStream download = new ByteArrayOutputStream();
    private double clockRate = 1;
    private int life;
    private boolean forces;
    private boolean ledBefore;
    private boolean forceIsWanted;
    private long wakesAtMs = Long.MAX_VALUE;

    /** @param joins whether it asks to be taken in where it does not vote */
    ModelNode(QuorumModel model, SeededRandom random, int id, VoterSet voters, boolean joins) {
        this.model = model;
        this.random = random;
        this.key = QuorumModel.voter(id).key();
        this.joins = joins;
        this.voters = voters;
    }

    int id() {
        return key.id();
    }

    int life() {
        return life;
    }

    boolean isUp() {
        return machine != null;
    }

    boolean isLeader() {
        return machine != null && machine.isLeader(machine.state().epoch());
    }

    int epoch() {
        return machine == null ? -1 : machine.state().epoch();
    }

    long highWatermark() {
        return machine == null ? -1 : machine.highWatermark();
    }

    /** Who votes, as far as it knows. */
    VoterSet voters() {
        return history.voters();
    }

    double clockRate() {
        return clockRate;
    }

    void start() {
        clockRate = model.isCalm() ? 1 : 0.6 + random.nextDouble();
        long committed = log.latestSnapshot().map(OffsetAndEpoch::offset).orElse(0L);
        readVoters(committed);
        var own = new OwnVoter(Optional.of(QuorumModel.voter(id())), joins);
        machine = new QuorumMachine(key, onDisk, log, committed, history, TIMEOUTS, voters.equals(VoterSet.NONE), own);
        tell(new QuorumEvent.Started());
    }

    /** Power is cut: of what was not forced, any part stays. */
    void crash() {
        machine = null;
        life++;
        if (beingWritten != null && random.nextBoolean()) onDisk = beingWritten;
        beingWritten = null;
        if (model.mistake() == Mistake.ELECTION_IS_FORGOTTEN)
            onDisk = ElectionState.unknownLeader(Math.max(0, onDisk.epoch() - 1));
        log.crash(random.nextLong(log.forcedOffset(), log.end().offset() + 1));
        download = new ByteArrayOutputStream();
        forces = false;
        forceIsWanted = false;
        wakesAtMs = Long.MAX_VALUE;
    }

    /** At the moment it hurts most. */
    private void crashAndStart() {
        crash();
        model.later(random.nextInt(30), () -> {
            if (!isUp()) start();
        });
    }

    private void readVoters(long committed) {
        history = new VoterHistory(VoterSet.NONE);
        history.addKraftVersion(VoterHistory.BOOTSTRAP_OFFSET, (short) 1);
        history.addVoters(VoterHistory.BOOTSTRAP_OFFSET, voters);
        boolean isLate = model.mistake() == Mistake.VOTERS_WHEN_COMMITTED;
        noteVoters(
                0, isLate ? Math.min(committed, log.end().offset()) : log.end().offset());
    }

    private void noteVoters(long fromOffset, long untilOffset) {
        for (long offset = fromOffset; offset < untilOffset; offset++) {
            long at = offset;
            log.entry(offset).voters().ifPresent(said -> history.addVoters(at, said));
        }
    }

    /** Somebody wants other voters. */
    void change(long call, VoterChange change) {
        boolean hasCommitted = highWatermark() > 0 && log.epochBefore(highWatermark()) == epoch();
        boolean isLastCommitted = history.lastChangeOffset() < highWatermark();
        boolean isMistaken = model.mistake() == Mistake.CHANGES_OVERLAP && hasCommitted && !isLastCommitted;
        if (!isMistaken || !isLeader()) {
            tell(new QuorumEvent.ChangeAsked(call, change, 500 + random.nextInt(5_000)));
            return;
        }
        switch (change) {
            case VoterChange.Add(Voter voter, boolean ignored) -> {
                List<Voter> all = new ArrayList<>(voters().voters());
                if (voters().find(voter.key().id()).isEmpty()) all.add(voter);
                append(ModelLog.Entry.ofVoters(epoch(), new VoterSet(all)));
            }
            case VoterChange.Remove(ReplicaKey voter) -> {
                if (voters().voters().size() == 1) return;
                append(ModelLog.Entry.ofVoters(epoch(), voters().without(voter.id())));
            }
            default -> throw new AssertionError(change);
        }
        tell(new QuorumEvent.Appended(log.end().offset()));
    }

    /** A client's record, if this node leads. */
    void append(long value) {
        if (!isLeader()) return;
        append(new ModelLog.Entry(epoch(), value));
        tell(new QuorumEvent.Appended(log.end().offset()));
    }

    void snapshot() {
        if (machine == null || machine.highWatermark() <= log.start().offset()) return;
        boolean isHasty = model.mistake() == Mistake.SNAPSHOT_OF_UNCOMMITTED;
        log.snapshotAt(isHasty ? log.end().offset() : machine.highWatermark());
    }

    private void append(ModelLog.Entry entry) {
        model.claims().holds(log.end().offset(), entry, log.end().leaderEpoch());
        log.append(entry);
        if (model.mistake() != Mistake.VOTERS_WHEN_COMMITTED)
            noteVoters(log.end().offset() - 1, log.end().offset());
        forceIsWanted = true;
        force();
    }

    private void force() {
        if (forces || !forceIsWanted) return;
        forces = true;
        forceIsWanted = false;
        long until = log.end().offset();
        if (model.mistake() == Mistake.FORCE_TOLD_TOO_SOON) later(0, () -> tell(new QuorumEvent.LogForced(until)));
        later(random.nextInt(30), () -> {
            forces = false;
            log.force(until);
            force();
            tell(new QuorumEvent.LogForced(until));
        });
    }

    /** In this life, after that much time of the world. */
    private void later(long ms, Runnable task) {
        int now = life;
        model.later(ms, () -> {
            if (life == now && isUp()) task.run();
        });
    }

    void tell(QuorumEvent event) {
        QuorumMachine running = machine;
        if (running == null) return;
        if (event instanceof QuorumEvent.TimePassed && isLeader() && model.mistake() == Mistake.NO_STEP_DOWN) return;
        ledBefore = isLeader();
        List<QuorumAction> actions = running.on(spoilt(event), new Moment(localMs(), random.nextLong()));
        for (QuorumAction action : actions) perform(action, running);
        if (isLeader()) model.claims().leads(epoch(), id(), log);
        wake(running);
    }

    private long localMs() {
        return (long) (model.nowMs() * clockRate);
    }

    private void wake(QuorumMachine running) {
        long at = running.wakeAtMs();
        if (at == Long.MAX_VALUE || at == wakesAtMs) return;
        wakesAtMs = at;
        long inMs = Math.max(0, (long) Math.ceil(at / clockRate) - model.nowMs());
        later(inMs, () -> {
            if (wakesAtMs == at) wakesAtMs = Long.MAX_VALUE;
            tell(new QuorumEvent.TimePassed());
        });
    }

    private QuorumEvent spoilt(QuorumEvent event) {
        if (!(event instanceof QuorumEvent.Asked(long call, ReplicaKey from, var to, PeerRequest request)))
            return event;
        if (model.mistake() == Mistake.CANDIDATES_LOG_IGNORED && request instanceof PeerRequest.Vote vote) {
            var boundless = new OffsetAndEpoch(Long.MAX_VALUE, Integer.MAX_VALUE);
            return new QuorumEvent.Asked(
                    call, from, to, new PeerRequest.Vote(vote.epoch(), boundless, vote.isPreVote()));
        }
        if (model.mistake() == Mistake.DIVERGENCE_IGNORED && request instanceof PeerRequest.Fetch fetch) {
            long offset = Math.min(fetch.logEnd().offset(), log.end().offset());
            var believed = new OffsetAndEpoch(offset, log.epochBefore(offset));
            return new QuorumEvent.Asked(
                    call,
                    from,
                    to,
                    new PeerRequest.Fetch(fetch.epoch(), believed, fetch.highWatermark(), fetch.maxWaitMs()));
        }
        return event;
    }

    private void perform(QuorumAction action, QuorumMachine running) {
        switch (action) {
            case QuorumAction.PersistElection persist -> persist(persist.election());
            case QuorumAction.AppendLeaderChange change -> {
                if (!running.isLeader(change.epoch())) return;
                append(new ModelLog.Entry(change.epoch(), -id()));
                change.bootstrapVoters()
                        .ifPresent(said -> append(ModelLog.Entry.ofVoters(change.epoch(), said.voters())));
                tell(new QuorumEvent.Appended(log.end().offset()));
            }
            case QuorumAction.AdvanceHighWatermark(long offset) -> {
                boolean isNews = offset > model.claims().committedCount();
                // One that has removed itself commits that and leads no more.
                model.claims().commits(log, offset, id(), isLeader() || ledBefore, epoch());
                if (isNews) model.claims().isHeldByMajority(offset, model.logsOf(voters()));
                if (model.mistake() == Mistake.VOTERS_WHEN_COMMITTED)
                    noteVoters(history.lastChangeOffset() + 1, offset);
            }
            case QuorumAction.AnnounceLeader ignored -> {}
            case QuorumAction.AnnounceResigned ignored -> {}
            case QuorumAction.AskAround(long number, PeerRequest.Fetch request) -> {
                later((long) (1000 / clockRate), () -> tell(new QuorumEvent.Unanswered(number)));
                model.ask(this, number, model.atAnAddress(random.nextInt(1_000)), request);
            }
            case QuorumAction.Ask(long number, ReplicaKey to, PeerRequest request) -> {
                if (request instanceof PeerRequest.Vote vote && !vote.isPreVote())
                    model.claims().votes(id(), vote.epoch(), key);
                later((long) (1000 / clockRate), () -> tell(new QuorumEvent.Unanswered(number)));
                model.ask(this, number, to, request);
            }
            case QuorumAction.Answer(long call, PeerAnswer answer) -> model.answer(this, call, answer);
            case QuorumAction.AnswerWithRecords records -> {
                long until = Math.min(log.end().offset(), records.fromOffset() + 1 + random.nextInt(20));
                ByteBuffer bytes = log.encode(records.fromOffset(), Math.max(records.fromOffset(), until));
                model.answer(
                        this, records.call(), new PeerAnswer.Fetched(bytes, records.highWatermark(), records.leader()));
            }
            case QuorumAction.AnswerWithSnapshotPart part -> model.answer(this, part.call(), part(part));
            case QuorumAction.AppendFetched(int epoch, ByteBuffer records) -> appendFetched(epoch, records);
            case QuorumAction.TruncateTo(long offset) -> {
                log.truncateTo(offset);
                history.truncateFrom(log.end().offset());
                tell(new QuorumEvent.Truncated(log.end().offset()));
            }
            case QuorumAction.StoreSnapshotPart(OffsetAndEpoch id, long position, ByteBuffer bytes) -> {
                if (position == 0) download = new ByteArrayOutputStream();
                byte[] part = new byte[bytes.remaining()];
                bytes.duplicate().get(part);
                download.writeBytes(part);
                later(random.nextInt(5), () -> tell(new QuorumEvent.SnapshotPartStored(id, position + bytes.limit())));
            }
            case QuorumAction.InstallSnapshot(OffsetAndEpoch id) -> install(id);
            case QuorumAction.AskVersions(long call, Voter ignored) -> {
                var versions = random.nextInt(4) == 0 && !model.isCalm()
                        ? Optional.<QuorumEvent.KraftVersions>empty()
                        : Optional.of(new QuorumEvent.KraftVersions((short) 0, (short) 1));
                later(random.nextInt(100), () -> tell(new QuorumEvent.VersionsTold(call, versions)));
            }
            case QuorumAction.AppendVoters(int epoch, Optional<Short> ignored, VoterSet said) -> {
                if (!running.isLeader(epoch)) throw new AssertionError(id() + " does not lead and changes who votes");
                if (random.nextInt(20) == 0 && !model.isCalm()) {
                    tell(new QuorumEvent.VotersNotAppended());
                    return;
                }
                append(ModelLog.Entry.ofVoters(epoch, said));
                tell(new QuorumEvent.Appended(log.end().offset()));
            }
            case QuorumAction.AnswerChange(long call, ErrorCode error, String sentence) ->
                model.answerChange(this, call, error, sentence);
            case QuorumAction.StopForGood(String reason) -> throw new AssertionError(reason);
        }
    }

    private void persist(ElectionState election) {
        beingWritten = election;
        if (random.nextInt(10) == 0 && !model.isCalm()) later(random.nextInt(30), this::crashAndStart);
        if (model.mistake() == Mistake.ELECTION_TOLD_TOO_SOON)
            later(0, () -> tell(new QuorumEvent.ElectionPersisted(election)));
        later(random.nextInt(30), () -> {
            onDisk = election;
            beingWritten = null;
            tell(new QuorumEvent.ElectionPersisted(election));
        });
    }

    private PeerAnswer part(QuorumAction.AnswerWithSnapshotPart wanted) {
        var none = new PeerAnswer.Refused(ErrorCode.SNAPSHOT_NOT_FOUND, wanted.leader());
        if (!log.latestSnapshot().equals(Optional.of(wanted.snapshotId()))) return none;
        ByteBuffer all = log.encode(0, wanted.snapshotId().offset());
        int position = (int) Math.min(wanted.position(), all.limit());
        byte[] bytes = new byte[Math.min(1 + random.nextInt(2000), all.limit() - position)];
        all.get(position, bytes);
        return new PeerAnswer.SnapshotPart(
                wanted.snapshotId(), all.limit(), position, ByteBuffer.wrap(bytes), wanted.leader());
    }

    private void appendFetched(int epoch, ByteBuffer records) {
        if (random.nextInt(50) == 0 && !model.isCalm()) {
            tell(new QuorumEvent.FetchedUnusable());
            return;
        }
        for (ModelLog.Entry entry : ModelLog.decode(records)) {
            if (entry.epoch() > epoch) throw new AssertionError("a record of epoch " + entry.epoch() + " in " + epoch);
            append(entry);
        }
        tell(new QuorumEvent.Appended(log.end().offset()));
    }

    private void install(OffsetAndEpoch id) {
        ByteBuffer bytes = ByteBuffer.wrap(download.toByteArray());
        later(random.nextInt(20), () -> {
            if (isLeader()) throw new AssertionError(id() + " leads and loads a snapshot (M6)");
            if (random.nextInt(10) == 0 && !model.isCalm()) {
                tell(new QuorumEvent.SnapshotUnusable(id));
                return;
            }
            List<ModelLog.Entry> entries = ModelLog.decode(bytes);
            if (entries.size() != id.offset()) throw new AssertionError(entries.size() + " records in " + id);
            log.install(id, entries);
            history.truncateFrom(0);
            noteVoters(0, id.offset());
            tell(new QuorumEvent.SnapshotInstalled(id));
        });
    }

    OptionalInt leaderId() {
        return machine == null ? OptionalInt.empty() : machine.leader().leaderId();
    }

    @Override
    public String toString() {
        return id() + " " + (machine == null ? "down" : machine.state() + " " + log.end() + " hw " + highWatermark());
    }
}
