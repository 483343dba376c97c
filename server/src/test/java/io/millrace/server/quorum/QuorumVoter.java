package io.millrace.server.quorum;

import io.millrace.connection.BufferPool;
import io.millrace.connection.ConnectionQuota;
import io.millrace.connection.ConversationLimits;
import io.millrace.connection.run.Answer;
import io.millrace.connection.run.ConversationLane;
import io.millrace.connection.run.PayloadFiles;
import io.millrace.coordinators.group.GroupLimits;
import io.millrace.coordinators.shard.run.ShardLimits;
import io.millrace.environment.Lane;
import io.millrace.environment.Transport;
import io.millrace.host.HostEnvironment;
import io.millrace.host.SocketOptions;
import io.millrace.metadata.MetadataImage;
import io.millrace.protocol.ApiKey;
import io.millrace.protocol.Request;
import io.millrace.protocol.Response;
import io.millrace.protocol.Uuid;
import io.millrace.raft.OwnVoter;
import io.millrace.raft.QuorumTimeouts;
import io.millrace.raft.ReplicaKey;
import io.millrace.raft.Voter;
import io.millrace.raft.VoterAddresses;
import io.millrace.raft.VoterSet;
import io.millrace.raft.run.AppendResult;
import io.millrace.raft.run.CommittedBatch;
import io.millrace.raft.run.MetadataLogConfig;
import io.millrace.raft.run.MetadataQuorum;
import io.millrace.raft.run.PeerRequestMessages;
import io.millrace.raft.run.QuorumConfig;
import io.millrace.raft.run.QuorumDescription;
import io.millrace.raft.run.QuorumListener;
import io.millrace.raft.run.QuorumNetwork;
import io.millrace.raft.run.SnapshotFiles;
import io.millrace.raft.run.SnapshotResult;
import io.millrace.raft.run.SnapshotWriter;
import io.millrace.records.OffsetAndEpoch;
import io.millrace.server.config.ServerConfig;
import io.millrace.server.fetch.FetchSessions;
import io.millrace.server.groups.LaneGroups;
import io.millrace.server.handlers.ApiVersionsHandler;
import io.millrace.server.handlers.DescribeQuorumHandler;
import io.millrace.server.network.ApiTable;
import io.millrace.server.network.LaneNetwork;
import io.millrace.server.network.ListenerGate;
import io.millrace.server.network.RequestCounters;
import io.millrace.server.partitions.BrokerLane;
import io.millrace.server.partitions.LanePartitions;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** One voter on real lanes, sockets and files; its state machine is a list of numbers. */
final class QuorumVoter implements QuorumListener, AutoCloseable {
    static final String CLUSTER = "IHEVMEbkRNqHGYz2oy4qAg";
    private static final long MOST_MS = 30_000;
    private static final MetadataLogConfig LOG = new MetadataLogConfig(1 << 14, 604_800_000, 1 << 14, -1, 1 << 14);

    final int id;
    private final HostEnvironment host;
    private final Transport.Listening listening;
    private final ListenerGate gate;
    private final QuorumDoor door;
    private final PeerLines lines;
    private final List<Integer> seen = new ArrayList<>();
    private @Nullable MetadataQuorum quorum;
    private int ledEpoch = -1;
    private int snapshotsLoaded;
    private boolean joins;
    /** The quorum's lane. */
    private OffsetAndEpoch committedEnd = new OffsetAndEpoch(0, 0);

    private @Nullable Exception failure;
    private boolean isClosed;

    /** Takes a port of the loopback address; 0 for a free one. */
    QuorumVoter(int id, String clusterId, int port) throws Exception {
        this.id = id;
        this.host = HostEnvironment.start(
                1, 2, SocketOptions.DEFAULT, 0, (lane, cause) -> failed(new IllegalStateException(cause)));
        Lane lane = host.lanes().getFirst();
        this.door = new QuorumDoor(host.metadataLane(), "CONTROLLER");
        ApiTable apis = new ApiTable();
        var config = new ServerConfig(Map.of(
                "listeners", "PLAINTEXT://127.0.0.1:0,CONTROLLER://127.0.0.1:0",
                "controller.listener.names", "CONTROLLER"));
        var keep = new BrokerLane(
                0,
                lane,
                host.clock(),
                new LanePartitions(failed -> {}, host.disk()::surplusFiles),
                new LaneGroups(
                        lane, host.clock(), host.randomness(), ShardLimits.DEFAULT, GroupLimits.DEFAULT, failed -> {}),
                MetadataImage.EMPTY,
                config.effective());
        var peers = new PeerRequestHandler(clusterId, door);
        for (ApiKey apiKey : List.of(
                ApiKey.VOTE, ApiKey.BEGIN_QUORUM_EPOCH, ApiKey.END_QUORUM_EPOCH, ApiKey.FETCH, ApiKey.FETCH_SNAPSHOT))
            apis.serveAtControllers(apiKey, peers);
        var changes = new VoterChangeHandler(clusterId, door);
        for (ApiKey apiKey : List.of(ApiKey.ADD_RAFT_VOTER, ApiKey.REMOVE_RAFT_VOTER, ApiKey.UPDATE_RAFT_VOTER))
            apis.serveAtControllers(apiKey, changes);
        apis.serve(ApiKey.API_VERSIONS, new ApiVersionsHandler(keep, apis, config, clusterId))
                .serve(ApiKey.DESCRIBE_QUORUM, new DescribeQuorumHandler(door));
        var network = new LaneNetwork(
                new ConversationLane(lane, host.clock(), new BufferPool(1 << 20, 64 << 20)),
                apis,
                new RequestCounters(),
                ConversationLimits.DEFAULT,
                PayloadFiles.NONE,
                host.clock(),
                new FetchSessions(10, () -> 1),
                false);
        this.gate = new ListenerGate(
                "CONTROLLER",
                ApiKey.Listener.CONTROLLER,
                Map.of(lane, network),
                lane,
                new ConnectionQuota(
                        new ConnectionQuota.Limits(1000, 1000, Map.of(), 10_000),
                        host.clock().monotonicMs()));
        this.listening = host.transport()
                .listen(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), List.of(lane), gate);
        this.lines = new PeerLines(
                () -> new PeerRequestMessages.Sender(clusterId, key(), List.of()),
                "CONTROLLER",
                host.transport(),
                host.metadataLane(),
                host.clock(),
                host.randomness(),
                2_000);
    }

    int port() {
        return listening.address().getPort();
    }

    ReplicaKey key() {
        return new ReplicaKey(id, new Uuid(77, id));
    }

    /** As the log names it once it votes. */
    Voter asVoter() {
        var endpoint = new Voter.Endpoint("CONTROLLER", "127.0.0.1", port());
        return new Voter(key(), List.of(endpoint), (short) 0, (short) 1);
    }

    /** It asks to be taken in where it does not vote. */
    QuorumVoter thatJoins() {
        joins = true;
        return this;
    }

    /** Writes the snapshot that a quorum with voters in its log begins with; who joins later knows nobody. */
    void format(Path directory, VoterSet voters) throws Exception {
        Path partition = Files.createDirectories(directory.resolve("__cluster_metadata-0"));
        new SnapshotWriter(host.disk(), partition)
                .write(SnapshotFiles.BOOTSTRAP, 0, new SnapshotWriter.QuorumInfo((short) 1, voters), 0, List.of());
    }

    /** Static voters at the ports of these. */
    static VoterSet voters(List<QuorumVoter> voters) {
        return VoterAddresses.ofQuorumVoters(
                voters.stream()
                        .map(voter -> voter.id + "@127.0.0.1:" + voter.port())
                        .toList(),
                "CONTROLLER");
    }

    /** Recovers what the directory holds, and takes part. */
    void begin(Path directory, VoterSet voters, QuorumTimeouts timeouts) throws Exception {
        begin(directory, voters, timeouts, List.of());
    }

    /** As the other, and may ask at these addresses who leads. */
    void begin(Path directory, VoterSet voters, QuorumTimeouts timeouts, List<String> bootstrap) throws Exception {
        lines.bootstrapAt(VoterAddresses.ofBootstrapServers(bootstrap, "CONTROLLER"));
        MetadataQuorum opened = MetadataQuorum.open(
                host.disk(),
                directory,
                new QuorumConfig(key(), voters, LOG),
                host.metadataLane(),
                host.clock(),
                this,
                new QuorumNetwork(
                        lines, timeouts, host.randomness()::nextLong, new OwnVoter(Optional.of(asVoter()), joins)));
        onLane(quorumLane -> {
            quorum = opened;
            lines.findBy(opened::voters);
            door.open(opened);
            opened.start();
            return true;
        });
        var isOpen = new CompletableFuture<Boolean>();
        host.lanes().getFirst().execute(() -> gate.open(() -> isOpen.complete(true)));
        isOpen.get(MOST_MS, TimeUnit.MILLISECONDS);
    }

    /** What a task on the quorum's lane answers. */
    <T> T onLane(Function<Lane, T> task) throws Exception {
        CompletableFuture<T> done = new CompletableFuture<>();
        host.metadataLane().execute(() -> {
            try {
                done.complete(task.apply(host.metadataLane()));
            } catch (RuntimeException thrown) {
                done.completeExceptionally(thrown);
            }
        });
        return done.get(MOST_MS, TimeUnit.MILLISECONDS);
    }

    AppendResult append(int number) throws Exception {
        int epoch = ledEpoch();
        return onLane(lane -> {
            MetadataQuorum open = quorum;
            if (open == null) throw new IllegalStateException("not begun");
            return open.append(epoch, List.of(ByteBuffer.allocate(4).putInt(0, number)));
        });
    }

    /** Writes a snapshot of all it has seen. */
    void snapshot() throws Exception {
        var written = new CompletableFuture<SnapshotResult>();
        onLane(lane -> {
            MetadataQuorum open = quorum;
            if (open == null) throw new IllegalStateException("not begun");
            List<ByteBuffer> values = seen().stream()
                    .map(number -> ByteBuffer.allocate(4).putInt(0, number))
                    .toList();
            open.writeSnapshot(committedEnd, 0, values, written::complete);
            return true;
        });
        SnapshotResult result = written.get(MOST_MS, TimeUnit.MILLISECONDS);
        if (!(result instanceof SnapshotResult.Written)) throw new AssertionError(result);
    }

    /** How many snapshots of others it has taken over. */
    synchronized int snapshotsLoaded() {
        return snapshotsLoaded;
    }

    /** Asks a voter by this one's lines. */
    <R extends Response> R ask(QuorumVoter whom, Request request, Class<R> type) throws Exception {
        CompletableFuture<R> answer = new CompletableFuture<>();
        onLane(lane -> {
            lines.send(whom.id, request, answered -> {
                if (answered instanceof Answer.Answered(Response response, short version))
                    answer.complete(type.cast(response));
                else answer.completeExceptionally(new AssertionError(answered));
            });
            return true;
        });
        return answer.get(MOST_MS, TimeUnit.MILLISECONDS);
    }

    /** The quorum as it sees it. */
    QuorumDescription describe() throws Exception {
        return onLane(lane -> {
            MetadataQuorum open = quorum;
            if (open == null) throw new IllegalStateException("not begun");
            return open.describe();
        });
    }

    synchronized List<Integer> seen() {
        return List.copyOf(seen);
    }

    /** The epoch it leads, or -1. */
    synchronized int ledEpoch() {
        return ledEpoch;
    }

    synchronized @Nullable Exception failure() {
        return failure;
    }

    /** Waits until something is so of these voters; what changes it wakes this. */
    static void await(String what, List<QuorumVoter> voters, BooleanSupplier isSo) throws Exception {
        long untilNanos = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(MOST_MS);
        synchronized (CHANGES) {
            while (!isSo.getAsBoolean()) {
                for (QuorumVoter voter : voters) {
                    Exception failed = voter.failure();
                    if (failed != null) throw new AssertionError("voter " + voter.id + " failed", failed);
                }
                long leftMs = TimeUnit.NANOSECONDS.toMillis(untilNanos - System.nanoTime());
                if (leftMs <= 0) throw new AssertionError("it did not come about that " + what);
                CHANGES.wait(leftMs);
            }
        }
    }

    private static final Object CHANGES = new Object();

    private static void changed() {
        synchronized (CHANGES) {
            CHANGES.notifyAll();
        }
    }

    @Override
    public void onLoadBootstrap(List<ByteBuffer> values) {
        throw new AssertionError("nobody wrote bootstrap records");
    }

    @Override
    public void onLoadSnapshot(OffsetAndEpoch snapshot, long lastContainedLogTimeMs, List<ByteBuffer> values) {
        synchronized (this) {
            seen.clear();
            snapshotsLoaded++;
        }
        take(values);
    }

    @Override
    public void onCommitted(CommittedBatch batch) {
        committedEnd = new OffsetAndEpoch(batch.nextOffset(), batch.epoch());
        take(batch.values());
    }

    private void take(List<ByteBuffer> values) {
        synchronized (this) {
            for (ByteBuffer value : values) seen.add(value.getInt(value.position()));
        }
        changed();
    }

    @Override
    public void onLeader(int epoch) {
        synchronized (this) {
            ledEpoch = epoch;
        }
        changed();
    }

    @Override
    public void onResigned(int epoch) {
        synchronized (this) {
            ledEpoch = -1;
        }
        changed();
    }

    @Override
    public void onFailed(Exception cause) {
        failed(cause);
    }

    private void failed(Exception cause) {
        synchronized (this) {
            failure = cause;
        }
        changed();
    }

    /** Ends without any order, as if the process were killed. */
    @Override
    public void close() throws IOException {
        if (isClosed) return;
        isClosed = true;
        listening.close();
        host.close();
        synchronized (this) {
            ledEpoch = -1;
        }
    }

    /** Resigns, and ends. */
    void stop() throws Exception {
        CompletableFuture<Boolean> done = new CompletableFuture<>();
        onLane(lane -> {
            MetadataQuorum open = quorum;
            if (open == null) throw new IllegalStateException("not begun");
            open.shutdown(failure -> done.complete(failure.isEmpty()));
            return true;
        });
        if (!done.get(MOST_MS, TimeUnit.MILLISECONDS)) throw new AssertionError("the shutdown failed");
        close();
    }
}
