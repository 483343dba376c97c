package io.millrace.simulator;

import io.millrace.environment.Environment;
import io.millrace.environment.Lane;
import io.millrace.protocol.ApiKey;
import io.millrace.protocol.ApiMessage;
import io.millrace.protocol.ProtocolReader;
import io.millrace.protocol.ProtocolWriter;
import io.millrace.protocol.Request;
import io.millrace.protocol.Response;
import io.millrace.protocol.Uuid;
import io.millrace.raft.PeerAnswer;
import io.millrace.raft.PeerRequest;
import io.millrace.raft.QuorumTimeouts;
import io.millrace.raft.ReplicaKey;
import io.millrace.raft.VoterAddresses;
import io.millrace.raft.VoterSet;
import io.millrace.raft.run.AppendResult;
import io.millrace.raft.run.CommittedBatch;
import io.millrace.raft.run.MetadataLogConfig;
import io.millrace.raft.run.MetadataQuorum;
import io.millrace.raft.run.PeerAnswerMessages;
import io.millrace.raft.run.PeerRequestMessages;
import io.millrace.raft.run.QuorumConfig;
import io.millrace.raft.run.QuorumListener;
import io.millrace.raft.run.QuorumNetwork;
import io.millrace.records.OffsetAndEpoch;
import io.millrace.storage.LogDirectoryFailed;
import io.millrace.testkit.SeededRandom;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Three voters on disks of their own, which crash before any one operation of their disk, lose power, stand still, and lose touch
 * one way or both; they talk in Kafka's messages. No epoch is led twice (M1), whoever leads knows all that was committed (M3),
 * all see the same in the same order (M4), no leader loads a snapshot (M6); and when all is well again they agree on something
 * new.
 */
final class ClusterQuorumStory {
    private static final Path DATA = Path.of("/data");
    private static final String CLUSTER = "IHEVMEbkRNqHGYz2oy4qAg";
    private static final VoterSet VOTERS =
            VoterAddresses.ofQuorumVoters(List.of("1@one:9093", "2@two:9093", "3@three:9093"), "CONTROLLER");
    private static final MetadataLogConfig LOG = new MetadataLogConfig(4096, 604_800_000, 6000, -1, 4096);
    private static final long REQUEST_MS = 2_000;
    private static final long MOST_MS = 120_000;

    private final Simulation simulation;
    private final SimulatedNetwork network;
    private final SeededRandom random;
    private final Map<Integer, Life> lives = new HashMap<>();
    private final Set<String> cutLinks = new HashSet<>();
    private final List<Integer> committed = new ArrayList<>();
    private final Map<Integer, Integer> leaderByEpoch = new HashMap<>();
    private double loss;
    private boolean isCalm;
    private int next;
    private int snapshotsFetched;

    ClusterQuorumStory(long seed) throws IOException {
        simulation = new Simulation(seed);
        network = new SimulatedNetwork(simulation);
        random = simulation.newRandom();
        for (int id = 1; id <= 3; id++) {
            SimulatedNode node = network.addNode(1);
            node.disk().createDirectories(DATA);
            node.disk().forceDirectory(Path.of("/"));
            live(id, node);
        }
    }

    int leaderCount() {
        return leaderByEpoch.size();
    }

    int committedCount() {
        return committed.size();
    }

    int snapshotsFetched() {
        return snapshotsFetched;
    }

    void run(int troubles) {
        for (int i = 0; i < troubles; i++) {
            trouble();
            simulation.runFor(random.nextInt(4_000));
        }
        isCalm = true;
        cutLinks.clear();
        loss = 0;
        for (Life life : List.copyOf(lives.values())) {
            life.node.disk().beforeChange(Long.MAX_VALUE, () -> {});
            reviveIfDown(life);
        }
        int known = next;
        try {
            simulation.runUntil(() -> lives.values().stream().allMatch(life -> life.hasSeen(known)), MOST_MS);
        } catch (AssertionError notSo) {
            throw new AssertionError("not all have seen " + known + ": " + lives.values(), notSo);
        }
        for (Life life : lives.values()) life.node.kill();
    }

    private void trouble() {
        Life life = life(random.nextInt(1, 4));
        Life other = life(random.nextInt(1, 4));
        SimulatedNode node = life.node;
        switch (random.nextInt(9)) {
            case 0 -> node.kill();
            case 1 -> node.cutPower();
            case 2, 3 ->
                node.disk()
                        .beforeChange(
                                node.disk().changeCount() + random.nextInt(40),
                                random.nextBoolean() ? node::cutPower : node::kill);
            case 4 -> node.freeze(random.nextInt(6_000));
            case 5 -> cutLinks.add(life.id + ">" + other.id);
            case 6 -> {
                for (int id = 1; id <= 3; id++) {
                    cutLinks.add(life.id + ">" + id);
                    if (random.nextBoolean()) cutLinks.add(id + ">" + life.id);
                }
            }
            case 7 -> loss = random.nextBoolean() ? 0 : random.nextDouble() * 0.3;
            default -> cutLinks.clear();
        }
        for (Life each : List.copyOf(lives.values())) if (random.nextInt(4) > 0) reviveIfDown(each);
    }

    private Life life(int id) {
        return Objects.requireNonNull(lives.get(id));
    }

    private void reviveIfDown(Life life) {
        if (life.node.isDown()) live(life.id, network.restart(life.node, 1));
    }

    private void live(int id, SimulatedNode node) {
        Life life = new Life(id, node);
        lives.put(id, life);
        node.start(life::open);
    }

    // The network

    /** An answer that comes once, or not at all. */
    private static final class Call {
        private final Life caller;
        private @Nullable Consumer<Optional<PeerAnswer>> then;

        Call(Life caller, Consumer<Optional<PeerAnswer>> then) {
            this.caller = caller;
            this.then = then;
        }

        void end(Optional<PeerAnswer> answer) {
            caller.lane.execute(() -> {
                Consumer<Optional<PeerAnswer>> waiting = then;
                then = null;
                if (waiting != null) waiting.accept(answer);
            });
        }
    }

    private void ask(Life from, ReplicaKey to, PeerRequest request, Consumer<Optional<PeerAnswer>> then) {
        Call call = new Call(from, then);
        simulation.afterMs(REQUEST_MS, () -> call.end(Optional.empty()));
        var sender = new PeerRequestMessages.Sender(CLUSTER, from.key(), List.of());
        Request message = PeerRequestMessages.write(request, sender, to);
        ByteBuffer bytes = bytes(message, message.apiKey());
        deliver(from.id, to.id(), () -> receive(life(to.id()), from, message.apiKey(), bytes, call));
    }

    private void receive(Life at, Life from, ApiKey apiKey, ByteBuffer bytes, Call call) {
        at.lane.execute(() -> {
            MetadataQuorum open = at.quorum;
            if (open == null) return;
            Request message = apiKey.readRequest(new ProtocolReader(bytes), apiKey.latestStableVersion());
            if (!(PeerRequestMessages.read(message, CLUSTER)
                    instanceof PeerRequestMessages.Read.Understood(var asker, var addressee, var request)))
                throw new AssertionError("not understood: " + message);
            open.asked(asker, addressee, request, answer -> {
                Response response = PeerAnswerMessages.write(answer, message, Optional.empty());
                ByteBuffer answered = bytes(response, apiKey);
                deliver(at.id, from.id, () -> {
                    var read = new ProtocolReader(answered);
                    call.end(PeerAnswerMessages.read(apiKey.readResponse(read, apiKey.latestStableVersion())));
                });
            });
        });
    }

    private static ByteBuffer bytes(ApiMessage message, ApiKey apiKey) {
        return ProtocolWriter.toBuffer(message, apiKey.latestStableVersion());
    }

    private void deliver(int from, int to, Runnable arrival) {
        if (random.chance(loss)) return;
        simulation.afterMs(1 + random.nextInt(20), () -> {
            if (!cutLinks.contains(from + ">" + to)) arrival.run();
        });
    }

    /** The state machine of one life: the list of all values; while it leads, somebody appends to it. */
    private final class Life implements QuorumListener {
        private final int id;
        private final SimulatedNode node;
        private final Lane lane;
        private final List<Integer> state = new ArrayList<>();
        private @Nullable MetadataQuorum quorum;
        private long nextOffset;
        private int epochOfLast;
        private long timeOfLastMs;
        private int ledEpoch = -1;

        Life(int id, SimulatedNode node) {
            this.id = id;
            this.node = node;
            this.lane = node.environment().metadataLane();
        }

        @Override
        public String toString() {
            MetadataQuorum open = quorum;
            if (open == null) return id + " not open";
            return id + " has seen " + state.size() + ", next " + nextOffset + ", log end " + open.logEndOffset() + ", "
                    + open.describe();
        }

        ReplicaKey key() {
            return new ReplicaKey(id, new Uuid(77, id));
        }

        boolean hasSeen(int value) {
            return !state.isEmpty() && state.getLast() >= value;
        }

        void open() {
            Environment environment = node.environment();
            var reach = new QuorumNetwork(
                    (to, request, then) -> ask(this, to, request, then), QuorumTimeouts.DEFAULT, random::nextLong);
            try {
                MetadataQuorum opened = MetadataQuorum.open(
                        environment.disk(),
                        DATA,
                        new QuorumConfig(key(), VOTERS, LOG),
                        lane,
                        environment.clock(),
                        this,
                        reach);
                lane.execute(() -> {
                    quorum = opened;
                    opened.start();
                    lane.schedule(100, this::snapshotSometimes);
                });
            } catch (IOException | LogDirectoryFailed failed) {
                onFailed(failed);
            }
        }

        @Override
        public void onLoadBootstrap(List<ByteBuffer> values) {
            throw new AssertionError("nobody wrote bootstrap records");
        }

        @Override
        public void onLoadSnapshot(OffsetAndEpoch snapshot, long lastContainedLogTimeMs, List<ByteBuffer> values) {
            if (ledEpoch >= 0) throw new AssertionError("a leader was given a snapshot");
            if (nextOffset > 0) snapshotsFetched++;
            if (snapshot.offset() < nextOffset) throw new AssertionError(snapshot + " after " + nextOffset);
            state.clear();
            nextOffset = snapshot.offset();
            epochOfLast = snapshot.leaderEpoch();
            timeOfLastMs = lastContainedLogTimeMs;
            take(values);
        }

        @Override
        public void onCommitted(CommittedBatch batch) {
            if (batch.baseOffset() != nextOffset || batch.epoch() < epochOfLast)
                throw new AssertionError("after " + nextOffset + " in epoch " + epochOfLast + " came " + batch);
            nextOffset = batch.nextOffset();
            epochOfLast = batch.epoch();
            timeOfLastMs = batch.appendTimeMs();
            take(batch.values());
        }

        private void take(List<ByteBuffer> values) {
            for (ByteBuffer value : values) {
                int number = value.getInt(value.position());
                if (state.size() == committed.size()) committed.add(number);
                else if (committed.get(state.size()) != number)
                    throw new AssertionError(id + " sees " + number + " as its " + state.size() + "th value, others "
                            + committed.get(state.size()));
                state.add(number);
            }
        }

        @Override
        public void onLeader(int epoch) {
            Integer before = leaderByEpoch.put(epoch, id);
            if (before != null) throw new AssertionError("epoch " + epoch + " led by " + before + " and " + id);
            ledEpoch = epoch;
            lane.execute(() -> append(epoch));
        }

        private void append(int epoch) {
            MetadataQuorum open = quorum;
            if (open == null || ledEpoch != epoch) return;
            List<ByteBuffer> values = new ArrayList<>();
            for (int count = 1 + random.nextInt(4); count > 0; count--)
                values.add(ByteBuffer.allocate(4 + random.nextInt(60)).putInt(0, next++));
            AppendResult result = open.append(epoch, values);
            if (!(result instanceof AppendResult.Appended) && !(result instanceof AppendResult.NotLeader))
                throw new AssertionError("the leader is told " + result);
            lane.schedule(random.nextInt(200), () -> append(epoch));
        }

        private void snapshotSometimes() {
            MetadataQuorum open = quorum;
            if (open != null && !state.isEmpty() && random.nextInt(3) == 0) {
                List<ByteBuffer> values = state.stream()
                        .map(value -> ByteBuffer.allocate(4).putInt(0, value))
                        .toList();
                open.writeSnapshot(new OffsetAndEpoch(nextOffset, epochOfLast), timeOfLastMs, values, result -> {});
            }
            lane.schedule(1_000 + random.nextInt(4_000), this::snapshotSometimes);
        }

        @Override
        public void onResigned(int epoch) {
            if (epoch != ledEpoch) throw new AssertionError("resigned " + epoch + ", led " + ledEpoch);
            ledEpoch = -1;
        }

        @Override
        public void onFailed(Exception cause) {
            if (!node.isDown()) throw new AssertionError("the quorum failed; calm: " + isCalm, cause);
        }
    }
}
