package io.millrace.simulator;

import io.millrace.environment.Environment;
import io.millrace.environment.Lane;
import io.millrace.protocol.Uuid;
import io.millrace.raft.ReplicaKey;
import io.millrace.raft.VoterAddresses;
import io.millrace.raft.VoterSet;
import io.millrace.raft.run.AppendResult;
import io.millrace.raft.run.CommittedBatch;
import io.millrace.raft.run.MetadataLogConfig;
import io.millrace.raft.run.MetadataQuorum;
import io.millrace.raft.run.QuorumConfig;
import io.millrace.raft.run.QuorumListener;
import io.millrace.records.OffsetAndEpoch;
import io.millrace.storage.LogDirectoryFailed;
import io.millrace.testkit.SeededRandom;
import io.millrace.testkit.disk.DiskFaults;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The lives of a metadata quorum of one voter, each ended by a kill or a power cut before any one operation of its disk.
 * No epoch is led twice (M1), what was committed is committed ever after, in its order (M4), and a snapshot is what the log
 * up to it comes to (M6).
 */
final class QuorumStory {
    private static final Path DATA = Path.of("/data");
    private static final ReplicaKey SELF = new ReplicaKey(1, Uuid.parse("JEXY6aqzQY-32P5TStzaFg"));
    private static final VoterSet VOTERS = VoterAddresses.ofQuorumVoters(List.of("1@localhost:9093"), "CONTROLLER");
    private static final MetadataLogConfig LOG = new MetadataLogConfig(4096, 604_800_000, 6000, -1, 4096);
    /** A full disk is tried every second; that goes on for some dozens of writes. */
    private static final long MOST_MS = 120_000;

    /** What may go wrong in any life. */
    private static final Set<DiskFaults.Kind> LEGAL = EnumSet.complementOf(EnumSet.of(DiskFaults.Kind.READ_IS_WRONG));

    private final Simulation simulation;
    private final SimulatedNetwork network;
    private final SeededRandom random;
    private SimulatedNode node;
    private List<Integer> committed = List.of();
    private int lastEpoch;
    private int next;
    private int leaderships;
    private final boolean isBeset;
    private int failures;
    private int refusals;

    QuorumStory(long seed) throws IOException {
        this(seed, false);
    }

    /** A story in which operations of the disk fail, too. */
    static QuorumStory onAFailingDisk(long seed) throws IOException {
        return new QuorumStory(seed, true);
    }

    private QuorumStory(long seed, boolean isBeset) throws IOException {
        this.isBeset = isBeset;
        simulation = new Simulation(seed);
        network = new SimulatedNetwork(simulation);
        random = simulation.newRandom();
        node = network.addNode(1);
        node.disk().createDirectories(DATA);
        node.disk().forceDirectory(Path.of("/"));
    }

    int leaderships() {
        return leaderships;
    }

    /** In how many lives the disk failed. */
    int failures() {
        return failures;
    }

    /** How many appends a full disk refused. */
    int refusals() {
        return refusals;
    }

    private DiskFaults faults() {
        return DiskFaults.drawn(
                simulation.newRandom(), LEGAL, path -> path.startsWith(DATA), random.nextInt(1, 4), true);
    }

    void run(int lives) {
        for (int life = 0; life < lives; life++) {
            boolean losesPower = random.nextBoolean();
            SimulatedNode here = node;
            here.disk()
                    .beforeChange(
                            here.disk().changeCount() + random.nextInt(120), losesPower ? here::cutPower : here::kill);
            if (isBeset) here.disk().beset(faults());
            Life story = live();
            simulation.runUntil(() -> here.isDown() || story.stepsLeft == 0 || story.hasFailed, MOST_MS);
            if (story.hasFailed) failures++;
            if (!here.isDown() && losesPower) here.cutPower();
            else here.kill();
            if (story.isLeading) committed = List.copyOf(story.state);
            node = network.restart(here, 1);
        }
        node.disk().beset(DiskFaults.none());
        Life last = live();
        simulation.runUntil(() -> last.isLeading, MOST_MS);
        node.kill();
    }

    private Life live() {
        Life life = new Life(node);
        node.start(life::open);
        return life;
    }

    /** The state machine of one life: the list of all values; and who appends to it. */
    private final class Life implements QuorumListener {
        private final SimulatedNode here;
        private final Lane lane;
        private final List<Integer> state = new ArrayList<>();
        private @Nullable MetadataQuorum quorum;
        private long nextOffset;
        private int epochOfLast;
        private long timeOfLastMs;
        private int epoch;
        private boolean isLeading;
        private boolean hasFailed;
        private int stepsLeft = random.nextInt(60);

        Life(SimulatedNode here) {
            this.here = here;
            this.lane = here.environment().metadataLane();
        }

        void open() {
            Environment environment = here.environment();
            try {
                MetadataQuorum opened = MetadataQuorum.open(
                        environment.disk(), DATA, new QuorumConfig(SELF, VOTERS, LOG), lane, environment.clock(), this);
                quorum = opened;
                lane.execute(opened::start);
            } catch (IOException | LogDirectoryFailed failed) {
                onFailed(failed);
            }
        }

        private void requireAlive() {
            if (hasFailed) throw new AssertionError("something is told after the quorum has failed");
        }

        @Override
        public void onLoadBootstrap(List<ByteBuffer> values) {
            throw new AssertionError("nobody wrote bootstrap records");
        }

        @Override
        public void onLoadSnapshot(OffsetAndEpoch id, long lastContainedLogTimeMs, List<ByteBuffer> values) {
            if (isLeading) throw new AssertionError("a leader was given a snapshot");
            state.clear();
            take(values);
            nextOffset = id.offset();
            epochOfLast = id.leaderEpoch();
            timeOfLastMs = lastContainedLogTimeMs;
        }

        @Override
        public void onCommitted(CommittedBatch batch) {
            requireAlive();
            if (batch.baseOffset() != nextOffset || batch.epoch() < epochOfLast)
                throw new AssertionError("after " + nextOffset + " in epoch " + epochOfLast + " came " + batch);
            nextOffset = batch.nextOffset();
            epochOfLast = batch.epoch();
            timeOfLastMs = batch.appendTimeMs();
            take(batch.values());
        }

        private void take(List<ByteBuffer> values) {
            for (ByteBuffer value : values) state.add(value.getInt(value.position()));
            int both = Math.min(state.size(), committed.size());
            if (!state.subList(0, both).equals(committed.subList(0, both)))
                throw new AssertionError("committed was " + committed + ", now " + state);
        }

        @Override
        public void onLeader(int ledEpoch) {
            requireAlive();
            if (ledEpoch <= lastEpoch) throw new AssertionError("epoch " + ledEpoch + " led after " + lastEpoch);
            if (state.size() < committed.size())
                throw new AssertionError("committed was " + committed + ", a leader knows only " + state);
            lastEpoch = ledEpoch;
            epoch = ledEpoch;
            isLeading = true;
            leaderships++;
            lane.execute(this::step);
        }

        private void step() {
            committed = List.copyOf(state);
            MetadataQuorum open = quorum;
            if (open == null || stepsLeft == 0 || hasFailed) return;
            stepsLeft--;
            if (random.nextInt(10) == 0) snapshot(open);
            else append(open);
            lane.schedule(random.nextInt(12), this::step);
        }

        private void append(MetadataQuorum open) {
            List<ByteBuffer> values = new ArrayList<>();
            for (int count = 1 + random.nextInt(4); count > 0; count--)
                values.add(ByteBuffer.allocate(4 + random.nextInt(60)).putInt(0, next++));
            AppendResult result = open.append(epoch, values);
            if (result instanceof AppendResult.NoSpace && isBeset) refusals++;
            else if (!(result instanceof AppendResult.Appended) && !hasFailed)
                throw new AssertionError("the leader is told " + result);
        }

        private void snapshot(MetadataQuorum open) {
            List<ByteBuffer> values = state.stream()
                    .map(value -> ByteBuffer.allocate(4).putInt(0, value))
                    .toList();
            open.writeSnapshot(new OffsetAndEpoch(nextOffset, epochOfLast), timeOfLastMs, values, result -> {});
        }

        @Override
        public void onResigned(int resignedEpoch) {
            if (!isBeset) throw new AssertionError("epoch " + resignedEpoch + " was given up for no reason");
        }

        @Override
        public void onFailed(Exception cause) {
            if (!isBeset) throw new AssertionError("the quorum failed", cause);
            if (quorum != null && here.disk().faults().isOnlyWantOfSpace())
                throw new AssertionError("the quorum failed though the disk was only full", cause);
            requireAlive();
            hasFailed = true;
        }
    }
}
