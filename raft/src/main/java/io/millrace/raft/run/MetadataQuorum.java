package io.millrace.raft.run;

import io.millrace.environment.Clock;
import io.millrace.environment.Disk;
import io.millrace.environment.Lane;
import io.millrace.protocol.ErrorCode;
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
import io.millrace.raft.VoterSet;
import io.millrace.records.OffsetAndEpoch;
import io.millrace.storage.CorruptLog;
import io.millrace.storage.Flush;
import io.millrace.storage.LogDirectoryFailed;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
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

    private final Path directory;
    private final QuorumConfig config;
    private final Lane lane;
    private final Clock clock;
    private final QuorumListener listener;
    private final MetadataLog log;
    private final QuorumMachine machine;
    private final GroupedForce force;
    private final CommittedReader reader;
    private final QuorumNetwork network;
    private final PeerCalls calls;
    private final FollowedLog followed;
    private final QuorumWrites writes;
    private final SnapshotUpkeep upkeep;
    private final Map<Long, BiConsumer<ErrorCode, String>> changes = new HashMap<>();
    private final List<ByteBuffer> bootstrapValues;
    private SnapshotReader.@Nullable Snapshot snapshotToLoad;
    private QuorumAction.@Nullable AnnounceLeader announcement;
    private Lane.@Nullable Timer wake;
    private long wakeAtMs = Long.MAX_VALUE;
    private long nextChange = 1;
    private boolean stopped;

    private MetadataQuorum(
            Disk disk,
            QuorumConfig config,
            Lane lane,
            Clock clock,
            QuorumListener listener,
            QuorumNetwork network,
            OpenedQuorum opened) {
        this.directory = opened.directory();
        this.config = config;
        this.lane = lane;
        this.clock = clock;
        this.listener = listener;
        this.log = opened.log();
        this.machine = opened.machine();
        this.network = network;
        this.calls = new PeerCalls(lane, disk, directory, log);
        this.bootstrapValues = opened.bootstrapValues();
        this.snapshotToLoad = opened.snapshot().orElse(null);
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
        this.writes = new QuorumWrites(opened, config, lane, clock, force, reader, new QuorumWrites.Outcomes() {
            @Override
            public boolean isStopped() {
                return stopped;
            }

            @Override
            public void happened(QuorumEvent event) {
                tell(event);
            }

            @Override
            public void failed(Exception cause) {
                fail(cause);
            }
        });
        this.upkeep = new SnapshotUpkeep(opened, disk, lane, clock, this::fail);
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
        return new MetadataQuorum(
                disk,
                config,
                lane,
                clock,
                listener,
                network,
                OpenedQuorum.recover(disk, metadataLogDirectory, config, clock, network));
    }

    /** Hands bootstrap records and snapshot to the state machine and stands for election. Called once. */
    public void start() {
        if (!bootstrapValues.isEmpty()) listener.onLoadBootstrap(bootstrapValues);
        SnapshotReader.Snapshot snapshot = snapshotToLoad;
        snapshotToLoad = null;
        if (snapshot != null) {
            listener.onLoadSnapshot(snapshot.id(), snapshot.lastContainedLogTimeMs(), snapshot.values());
        }
        upkeep.start();
        tell(new QuorumEvent.Started());
    }

    /**
     * Appends records as one batch; whether they are committed is told later. The values' bytes must not change any more.
     *
     * @param epoch the epoch the caller believes to lead
     * @param values at least one, each read from its position; positions stay as they are
     */
    public AppendResult append(int epoch, List<ByteBuffer> values) {
        return writes.append(epoch, values);
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
        upkeep.writeSnapshot(id, lastContainedLogTimeMs, values, then);
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
     * Up to where all is forced. Whoever writes the log directory's {@code recovery-point-offset-checkpoint} puts it in
     * under {@code __cluster_metadata-0}, so that damage below it is noticed at the next {@link #open}.
     */
    public ForcedUpTo recoveryPoint() {
        return log.forcedUpTo();
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
        upkeep.stop();
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
            case QuorumAction.PersistElection persist -> writes.persist(persist);
            case QuorumAction.AppendLeaderChange change -> writes.appendLeaderChange(change);
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
            case QuorumAction.AppendVoters voters -> onDisk(() -> writes.appendVoters(voters));
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
}
