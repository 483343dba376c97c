package io.millrace.raft.run;

import io.millrace.environment.Clock;
import io.millrace.environment.Disk;
import io.millrace.environment.DiskFull;
import io.millrace.environment.Lane;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.messages.KRaftVersionRecord;
import io.millrace.raft.ElectionState;
import io.millrace.raft.LeaderAndEpoch;
import io.millrace.raft.Moment;
import io.millrace.raft.PeerAnswer;
import io.millrace.raft.PeerRequest;
import io.millrace.raft.QuorumAction;
import io.millrace.raft.QuorumEvent;
import io.millrace.raft.QuorumMachine;
import io.millrace.raft.ReplicaKey;
import io.millrace.raft.Voter;
import io.millrace.raft.VoterChange;
import io.millrace.raft.VoterHistory;
import io.millrace.raft.VoterSet;
import io.millrace.records.BatchHeader;
import io.millrace.records.ControlRecord;
import io.millrace.records.ControlRecords;
import io.millrace.records.OffsetAndEpoch;
import io.millrace.storage.CorruptLog;
import io.millrace.storage.Flush;
import io.millrace.storage.LogDirectoryFailed;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * This node's part in the metadata quorum: carries out what {@link QuorumMachine} decides. {@link #open} blocks and comes
 * first, from any thread; everything after it is called on the quorum's lane, and never blocks.
 *
 * <p>Records are committed, and so handed to {@link QuorumListener#onCommitted}, only once they are forced.
 */
public final class MetadataQuorum {
    private static final System.Logger LOG = System.getLogger(MetadataQuorum.class.getName());

    /** How often old snapshots are looked for, as in Kafka. */
    private static final long CLEANING_INTERVAL_MS = 60_000;

    /** How long before something is tried again that a full disk has refused. */
    private static final long SPACE_CHECK_MS = 1_000;

    private final Disk disk;
    private final Path directory;
    private final QuorumConfig config;
    private final Lane lane;
    private final Clock clock;
    private final QuorumListener listener;
    private final MetadataLog log;
    private final QuorumStateFile stateFile;
    private final QuorumMachine machine;
    private final GroupedForce force;
    private final CommittedReader reader;
    private final QuorumNetwork network;
    private final PeerCalls calls;
    private final FollowedLog followed;
    private final OldFiles oldFiles;
    private final Map<Long, BiConsumer<ErrorCode, String>> changes = new HashMap<>();
    private final List<ByteBuffer> bootstrapValues;
    private SnapshotReader.@Nullable Snapshot snapshotToLoad;
    private QuorumAction.@Nullable AnnounceLeader announcement;
    private Lane.@Nullable Timer cleaning;
    private Lane.@Nullable Timer wake;
    private long wakeAtMs = Long.MAX_VALUE;
    private long nextChange = 1;
    private boolean writingSnapshot;
    private boolean stopped;

    private MetadataQuorum(
            Disk disk,
            Path directory,
            QuorumConfig config,
            Lane lane,
            Clock clock,
            QuorumListener listener,
            MetadataLog log,
            QuorumStateFile stateFile,
            QuorumMachine machine,
            QuorumNetwork network,
            List<ByteBuffer> bootstrapValues,
            Optional<SnapshotReader.Snapshot> snapshot) {
        this.disk = disk;
        this.directory = directory;
        this.config = config;
        this.lane = lane;
        this.clock = clock;
        this.listener = listener;
        this.log = log;
        this.stateFile = stateFile;
        this.machine = machine;
        this.network = network;
        this.calls = new PeerCalls(lane, disk, directory, log);
        this.oldFiles = new OldFiles(lane, disk, clock, log, machine.history());
        this.bootstrapValues = bootstrapValues;
        this.snapshotToLoad = snapshot.orElse(null);
        this.force = new GroupedForce(lane, log.log()::prepareFlush, this::forced, this::fail);
        this.reader = new CommittedReader(lane, log, machine.highWatermark(), this::onCommitted, this::fail);
        this.followed = new FollowedLog(
                new FetchedSnapshot(lane, disk, directory),
                clock,
                log,
                machine.history(),
                force,
                reader,
                listener,
                new FollowedLog.Outcomes() {
                    @Override
                    public void happened(QuorumEvent event) {
                        if (!stopped) tell(event);
                    }

                    @Override
                    public void failed(Exception cause) {
                        fail(cause);
                    }
                });
    }

    /**
     * {@link #open(Disk, Path, QuorumConfig, Lane, Clock, QuorumListener, QuorumNetwork)} of a quorum whose one voter is this
     * node.
     *
     * @throws UnsupportedQuorum if there are other voters
     */
    public static MetadataQuorum open(
            Disk disk, Path metadataLogDirectory, QuorumConfig config, Lane lane, Clock clock, QuorumListener listener)
            throws IOException {
        return open(disk, metadataLogDirectory, config, lane, clock, listener, QuorumNetwork.NONE);
    }

    /**
     * Recovers the metadata log, its latest snapshot and the election state. Blocks.
     *
     * @param metadataLogDirectory the formatted log directory that holds {@code __cluster_metadata-0}
     * @param lane where everything else happens
     * @param network the way to the other replicas, or {@link QuorumNetwork#NONE}
     * @throws UnsupportedQuorum if nobody is known to vote and there is no address to ask, or others vote and there is no way to
     *     them
     * @throws IOException if the disk fails
     * @throws io.millrace.storage.CorruptLog if log or snapshot are damaged where no crash explains it
     */
    public static MetadataQuorum open(
            Disk disk,
            Path metadataLogDirectory,
            QuorumConfig config,
            Lane lane,
            Clock clock,
            QuorumListener listener,
            QuorumNetwork network)
            throws IOException {
        Path directory = metadataLogDirectory.resolve(MetadataLog.DIRECTORY);
        MetadataLog log = MetadataLog.open(disk, directory, config.log(), clock.wallMs());
        for (String note : log.log().recovery().notes()) {
            LOG.log(System.Logger.Level.WARNING, "Recovering " + directory + ": " + note);
        }
        Optional<SnapshotReader.Snapshot> latest = Optional.empty();
        Optional<OffsetAndEpoch> latestId = log.snapshots().latest();
        if (latestId.isPresent()) latest = Optional.of(SnapshotReader.read(disk, directory, latestId.get()));

        VoterHistory history = new VoterHistory(config.staticVoters());
        log.readVoters(history, latest);
        requireReachable(config, history.voters(), network);

        var stateFile = new QuorumStateFile(disk, directory);
        Optional<SnapshotReader.Snapshot> toLoad =
                latest.filter(snapshot -> !snapshot.id().equals(SnapshotFiles.BOOTSTRAP));
        long committed = toLoad.map(snapshot -> snapshot.id().offset()).orElse(0L);
        var machine = new QuorumMachine(
                config.self(),
                stateFile.read(),
                log,
                committed,
                history,
                network.timeouts(),
                network.peers().canAskAround(),
                network.own());
        List<ByteBuffer> bootstrap = readBootstrap(disk, metadataLogDirectory, latest);
        return new MetadataQuorum(
                disk, directory, config, lane, clock, listener, log, stateFile, machine, network, bootstrap, toLoad);
    }

    private static void requireReachable(QuorumConfig config, VoterSet voters, QuorumNetwork network) {
        if (voters.isOnlyVoter(config.self())) return;
        if (voters.voters().isEmpty() && !network.peers().canAskAround()) {
            throw new UnsupportedQuorum(
                    "nobody votes in the metadata quorum: set controller.quorum.voters, or format the"
                            + " directory with --standalone; a broker may be told controller.quorum.bootstrap.servers instead");
        }
        if (!network.equals(QuorumNetwork.NONE)) return;
        throw new UnsupportedQuorum("the voters of the metadata quorum are "
                + voters.voters().stream().map(voter -> voter.key().toString()).toList()
                + "; this node is " + config.self()
                + ", with the directory.id of its meta.properties, and its configuration names nobody else: name all of them in"
                + " controller.quorum.voters or controller.quorum.bootstrap.servers");
    }

    /** The bootstrap records: of snapshot 0-0, or of the file that older versions of Kafka kept them in. */
    private static List<ByteBuffer> readBootstrap(
            Disk disk, Path metadataLogDirectory, Optional<SnapshotReader.Snapshot> latest) throws IOException {
        if (latest.isPresent()) {
            return latest.get().id().equals(SnapshotFiles.BOOTSTRAP)
                    ? latest.get().values()
                    : List.of();
        }
        Path file = metadataLogDirectory.resolve(SnapshotFiles.BOOTSTRAP_CHECKPOINT);
        return disk.exists(file) ? SnapshotReader.readBootstrap(disk, file).values() : List.of();
    }

    /** Hands bootstrap records and snapshot to the state machine and stands for election. Called once. */
    public void start() {
        if (!bootstrapValues.isEmpty()) listener.onLoadBootstrap(bootstrapValues);
        SnapshotReader.Snapshot snapshot = snapshotToLoad;
        snapshotToLoad = null;
        if (snapshot != null) {
            listener.onLoadSnapshot(snapshot.id(), snapshot.lastContainedLogTimeMs(), snapshot.values());
        }
        scheduleCleaning();
        tell(new QuorumEvent.Started());
    }

    /**
     * Appends records as one batch; whether they are committed is told later. The values' bytes must not change any more.
     *
     * @param epoch the epoch the caller believes to lead
     * @param values at least one, each read from its position; positions stay as they are
     */
    public AppendResult append(int epoch, List<ByteBuffer> values) {
        if (stopped || !machine.isLeader(epoch)) {
            return new AppendResult.NotLeader(machine.state().epoch());
        }
        long wallMs = clock.wallMs();
        long baseOffset = log.log().logEndOffset();
        ByteBuffer batch = QuorumBatches.data(values, baseOffset, epoch, wallMs);
        if (batch.remaining() > config.log().maxBatchBytes()) {
            return new AppendResult.TooLarge(batch.remaining(), config.log().maxBatchBytes());
        }
        List<ByteBuffer> kept =
                values.stream().map(ByteBuffer::asReadOnlyBuffer).toList();
        try {
            long lastOffset = append(batch, epoch, wallMs, kept);
            if (lastOffset == MetadataLog.NO_SPACE) return new AppendResult.NoSpace();
            return new AppendResult.Appended(baseOffset, lastOffset);
        } catch (LogDirectoryFailed failure) {
            fail(failure);
            return new AppendResult.NotLeader(epoch);
        }
    }

    private long append(ByteBuffer batch, int epoch, long wallMs, List<ByteBuffer> values) {
        long baseOffset = log.log().logEndOffset();
        long lastOffset = log.append(batch, epoch, wallMs);
        if (lastOffset == MetadataLog.NO_SPACE) return lastOffset;
        if (BatchHeader.isControl(batch, batch.position())) MetadataLog.addVoters(machine.history(), batch.duplicate());
        reader.appended(new CommittedBatch(baseOffset, lastOffset, epoch, wallMs, values));
        tell(new QuorumEvent.Appended(lastOffset + 1));
        force.request();
        return lastOffset;
    }

    /**
     * Writes a snapshot off the lane, then lets old ones and the log before them go.
     *
     * @param id end offset and epoch of what it holds: the next offset after a batch that was committed
     * @param lastContainedLogTimeMs append time of the last batch in it
     * @param values the whole state as records; walked on another thread, so it must be immutable
     */
    public void writeSnapshot(
            OffsetAndEpoch id,
            long lastContainedLogTimeMs,
            Iterable<ByteBuffer> values,
            Consumer<SnapshotResult> then) {
        if (id.offset() > machine.highWatermark()) {
            throw new IllegalArgumentException(
                    "a snapshot at offset " + id.offset() + " above the high watermark " + machine.highWatermark());
        }
        long latest = log.snapshots().latest().map(OffsetAndEpoch::offset).orElse(0L);
        if (stopped || writingSnapshot || id.offset() <= latest) {
            then.accept(new SnapshotResult.NotNeeded());
            return;
        }
        writingSnapshot = true;
        VoterHistory history = machine.history();
        var quorum = new SnapshotWriter.QuorumInfo(
                history.kraftVersionAt(id.offset() - 1), history.votersAt(id.offset() - 1));
        long wallMs = clock.wallMs();
        lane.offload(
                () -> new SnapshotWriter(disk, directory).write(id, lastContainedLogTimeMs, quorum, wallMs, values),
                outcome -> {
                    writingSnapshot = false;
                    switch (outcome) {
                        case Lane.Outcome.Done<Long>(Long sizeBytes) -> {
                            log.snapshots().add(new Snapshots.Stored(id, sizeBytes, lastContainedLogTimeMs));
                            if (!stopped) deleteOld();
                            then.accept(new SnapshotResult.Written(sizeBytes));
                        }
                        case Lane.Outcome.Failed<Long>(Exception cause) -> {
                            then.accept(new SnapshotResult.Failed(cause));
                            if (cause instanceof ForceFailed) fail(cause);
                        }
                    }
                });
    }

    /** Everything below is committed. */
    public long highWatermark() {
        return machine.highWatermark();
    }

    /** The next offset of this node's log. */
    public long logEndOffset() {
        return log.log().logEndOffset();
    }

    /**
     * Everything below is forced. Whoever writes the log directory's {@code recovery-point-offset-checkpoint} puts it in
     * under {@code __cluster_metadata-0}, so that damage below it is noticed at the next {@link #open}.
     */
    public long recoveryPoint() {
        return log.log().recoveryPoint();
    }

    /** End offset and epoch of the latest snapshot, if there is one that holds more than bootstrap records. */
    public Optional<OffsetAndEpoch> latestSnapshot() {
        return log.snapshots().latest().filter(id -> !id.equals(SnapshotFiles.BOOTSTRAP));
    }

    /** The kraft.version that holds. */
    public short kraftVersion() {
        return machine.history().kraftVersion();
    }

    /** Who votes, as the newest record of the log says, committed or not. */
    public VoterSet voters() {
        return machine.history().voters();
    }

    /** Whom this node knows to lead: itself, or whom it follows. */
    public LeaderAndEpoch leader() {
        return machine.leader();
    }

    /** Whether this node leads the epoch it is in and may append. */
    public boolean isLeader() {
        return !stopped && machine.isLeader(machine.state().epoch());
    }

    /** The quorum as this node sees it; how far the others are only their leader knows. */
    public QuorumDescription describe() {
        return QuorumDescription.of(machine, config.self(), logEndOffset(), clock.wallMs(), nowMs());
    }

    /**
     * Resigns, forces what was appended and closes the log; nothing is told to the listener after {@code onResigned}.
     *
     * @param then called on the lane when all is done, with what went wrong, if something did
     */
    public void shutdown(Consumer<Optional<Exception>> then) {
        if (stopped) {
            then.accept(Optional.empty());
            return;
        }
        tell(new QuorumEvent.ResignRequested());
        stop(() -> lane.offload(
                () -> {
                    close();
                    return true;
                },
                outcome -> then.accept(
                        outcome instanceof Lane.Outcome.Failed<Boolean>(Exception cause)
                                ? Optional.of(cause)
                                : Optional.empty())));
    }

    /** On a full disk all of it is forced, and the next start makes the indexes anew. */
    private void close() {
        try {
            log.log().close();
        } catch (LogDirectoryFailed failed) {
            if (!failed.isWantOfSpace()) throw failed;
            LOG.log(System.Logger.Level.WARNING, failed.getMessage());
        }
    }

    private void stop(Runnable whenIdle) {
        stopped = true;
        reader.stop();
        if (cleaning != null) cleaning.cancel();
        cleaning = null;
        if (wake != null) wake.cancel();
        wake = null;
        force.stop(whenIdle);
    }

    /**
     * Another replica asks something.
     *
     * @param addressee whom it takes this replica for, if it says so
     * @param then called once, on the quorum's lane, at once or later
     */
    public void asked(ReplicaKey from, Optional<ReplicaKey> addressee, PeerRequest request, Consumer<PeerAnswer> then) {
        if (stopped) {
            then.accept(new PeerAnswer.Refused(
                    ErrorCode.BROKER_NOT_AVAILABLE,
                    new LeaderAndEpoch(OptionalInt.empty(), machine.state().epoch())));
            return;
        }
        tell(new QuorumEvent.Asked(calls.begin(then), from, addressee, request));
    }

    /**
     * Somebody asks for other voters (KIP-853).
     *
     * @param patienceMs how long whoever asks waits
     * @param then called once, on the quorum's lane, at once or later, with a sentence that says why not
     */
    public void change(VoterChange change, int patienceMs, BiConsumer<ErrorCode, String> then) {
        if (stopped) {
            then.accept(ErrorCode.NOT_LEADER_OR_FOLLOWER, "this controller is stopping");
            return;
        }
        long call = nextChange++;
        changes.put(call, then);
        tell(new QuorumEvent.ChangeAsked(call, change, patienceMs));
    }

    private void tell(QuorumEvent event) {
        Moment now = new Moment(nowMs(), network.chance().getAsLong());
        for (QuorumAction action : machine.on(event, now)) carryOut(action);
        wakeInTime();
    }

    private long nowMs() {
        return clock.monotonicNanos() / 1_000_000;
    }

    private void wakeInTime() {
        long atMs = stopped ? Long.MAX_VALUE : machine.wakeAtMs();
        if (atMs == wakeAtMs) return;
        if (wake != null) wake.cancel();
        wake = null;
        wakeAtMs = atMs;
        if (atMs == Long.MAX_VALUE) return;
        wake = lane.schedule(Math.max(0, atMs - nowMs()), () -> {
            wake = null;
            wakeAtMs = Long.MAX_VALUE;
            if (!stopped) tell(new QuorumEvent.TimePassed());
        });
    }

    private void carryOut(QuorumAction action) {
        switch (action) {
            case QuorumAction.PersistElection persist -> persist(persist);
            case QuorumAction.AppendLeaderChange change -> appendLeaderChange(change);
            case QuorumAction.AdvanceHighWatermark(long offset) -> {
                log.log().advanceHighWatermark(offset);
                reader.advanceTo(offset);
            }
            case QuorumAction.AnnounceLeader announce -> {
                announcement = announce;
                announceWhenSeen();
            }
            case QuorumAction.AnnounceResigned(int epoch) -> {
                if (announcement == null) listener.onResigned(epoch);
                announcement = null;
            }
            case QuorumAction.Ask(long number, ReplicaKey to, PeerRequest request) ->
                network.peers().ask(to, request, answer -> answered(number, answer));
            case QuorumAction.AskAround(long number, PeerRequest.Fetch request) ->
                network.peers().askAround(request, answer -> answered(number, answer));
            case QuorumAction.Answer(long call, PeerAnswer answer) -> calls.answer(call, answer);
            case QuorumAction.AnswerWithRecords wanted -> onDisk(() -> calls.answer(wanted));
            case QuorumAction.AnswerWithSnapshotPart wanted -> calls.answer(wanted);
            case QuorumAction.AppendFetched fetched -> onDisk(() -> followed.append(fetched));
            case QuorumAction.TruncateTo(long offset) -> onDisk(() -> followed.truncateTo(offset));
            case QuorumAction.StoreSnapshotPart part -> followed.store(part);
            case QuorumAction.InstallSnapshot(OffsetAndEpoch id) -> followed.install(id);
            case QuorumAction.AskVersions(long call, Voter voter) ->
                network.peers().askVersions(voter, versions -> {
                    if (!stopped) tell(new QuorumEvent.VersionsTold(call, versions));
                });
            case QuorumAction.AppendVoters voters -> onDisk(() -> appendVoters(voters));
            case QuorumAction.AnswerChange(long call, ErrorCode error, String sentence) -> {
                BiConsumer<ErrorCode, String> then = changes.remove(call);
                if (then == null) throw new IllegalStateException("change " + call + " is answered twice");
                then.accept(error, sentence);
            }
            case QuorumAction.StopForGood(String reason) -> fail(new IllegalStateException(reason));
        }
    }

    private void onDisk(Runnable deed) {
        try {
            if (!stopped) deed.run();
        } catch (LogDirectoryFailed | CorruptLog failure) {
            fail(failure);
        }
    }

    private void answered(long number, Optional<PeerAnswer> answer) {
        if (stopped) return;
        tell(answer.<QuorumEvent>map(given -> new QuorumEvent.Answered(number, given))
                .orElseGet(() -> new QuorumEvent.Unanswered(number)));
    }

    private void persist(QuorumAction.PersistElection persist) {
        ElectionState election = persist.election();
        lane.offload(
                () -> {
                    stateFile.write(election, persist.kraftVersion(), persist.voters());
                    return election;
                },
                outcome -> {
                    switch (outcome) {
                        case Lane.Outcome.Done<ElectionState>(ElectionState written) -> {
                            if (!stopped) tell(new QuorumEvent.ElectionPersisted(written));
                        }
                        case Lane.Outcome.Failed<ElectionState>(DiskFull full) ->
                            whenThereIsSpace(full, () -> persist(persist));
                        case Lane.Outcome.Failed<ElectionState>(Exception cause) -> fail(cause);
                    }
                });
    }

    /** Nothing goes on without it, and it is a few hundred bytes: it is tried until there is space for them. */
    private void whenThereIsSpace(Exception full, Runnable again) {
        LOG.log(
                System.Logger.Level.ERROR,
                "The node cannot go on until there is space on the disk of the metadata log: " + full.getMessage());
        lane.schedule(SPACE_CHECK_MS, () -> {
            if (!stopped) again.run();
        });
    }

    private void appendLeaderChange(QuorumAction.AppendLeaderChange change) {
        if (!machine.isLeader(change.epoch())) return;
        List<ControlRecord> records = new ArrayList<>();
        records.add(new ControlRecord.LeaderChange(change.message()));
        change.bootstrapVoters().ifPresent(bootstrap -> {
            records.add(kraftVersion(bootstrap.kraftVersion()));
            records.add(new ControlRecord.KRaftVoters(bootstrap.voters().toRecord()));
        });
        long wallMs = clock.wallMs();
        ByteBuffer batch = ControlRecords.batch(log.log().logEndOffset(), change.epoch(), wallMs, records);
        try {
            if (append(batch, change.epoch(), wallMs, List.of()) == MetadataLog.NO_SPACE)
                whenThereIsSpace(
                        new DiskFull(directory, "cannot append that epoch " + change.epoch() + " has begun"),
                        () -> appendLeaderChange(change));
        } catch (LogDirectoryFailed failure) {
            fail(failure);
        }
    }

    private static ControlRecord kraftVersion(short level) {
        return new ControlRecord.KRaftVersion(KRaftVersionRecord.builder()
                .version((short) 0)
                .kRaftVersion(level)
                .build());
    }

    private void appendVoters(QuorumAction.AppendVoters change) {
        if (!machine.isLeader(change.epoch())) return;
        List<ControlRecord> records = new ArrayList<>();
        change.kraftVersion().ifPresent(level -> records.add(kraftVersion(level)));
        records.add(new ControlRecord.KRaftVoters(change.voters().toRecord()));
        long wallMs = clock.wallMs();
        ByteBuffer batch = ControlRecords.batch(log.log().logEndOffset(), change.epoch(), wallMs, records);
        if (append(batch, change.epoch(), wallMs, List.of()) == MetadataLog.NO_SPACE)
            tell(new QuorumEvent.VotersNotAppended());
        else
            LOG.log(
                    System.Logger.Level.INFO,
                    "The voters of the metadata quorum are " + change.voters().ids());
    }

    private void onCommitted(CommittedBatch batch) {
        listener.onCommitted(batch);
        announceWhenSeen();
    }

    private void announceWhenSeen() {
        QuorumAction.AnnounceLeader announce = announcement;
        if (stopped || announce == null || reader.nextOffset() < announce.nextOffset()) return;
        announcement = null;
        listener.onLeader(announce.epoch());
    }

    private void forced(Flush flush) {
        log.log().flushed(flush);
        if (!stopped) tell(new QuorumEvent.LogForced(flush.endOffset()));
    }

    /** The disk failed: what was written since the last force cannot be trusted, so nothing goes on. */
    private void fail(Exception cause) {
        if (stopped) return;
        LOG.log(
                System.Logger.Level.ERROR,
                "The metadata log in " + directory + " failed: " + cause.getMessage(),
                cause);
        tell(new QuorumEvent.ResignRequested());
        stop(() -> {});
        listener.onFailed(cause);
    }

    private void scheduleCleaning() {
        cleaning = lane.schedule(CLEANING_INTERVAL_MS, () -> {
            deleteOld();
            if (!stopped) scheduleCleaning();
        });
    }

    private void deleteOld() {
        try {
            oldFiles.delete();
        } catch (LogDirectoryFailed failure) {
            fail(failure);
        }
    }
}
