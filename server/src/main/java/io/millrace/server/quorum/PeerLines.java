package io.millrace.server.quorum;

import io.millrace.connection.BufferPool;
import io.millrace.connection.ReconnectBackoff;
import io.millrace.connection.run.Answer;
import io.millrace.connection.run.ClientSettings;
import io.millrace.connection.run.ConversationLane;
import io.millrace.environment.Clock;
import io.millrace.environment.Lane;
import io.millrace.environment.Randomness;
import io.millrace.environment.Transport;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.Request;
import io.millrace.protocol.Response;
import io.millrace.protocol.Uuid;
import io.millrace.protocol.messages.ApiVersionsRequest;
import io.millrace.protocol.messages.ApiVersionsResponse;
import io.millrace.raft.LeaderAndEpoch;
import io.millrace.raft.PeerAnswer;
import io.millrace.raft.PeerRequest;
import io.millrace.raft.QuorumEvent;
import io.millrace.raft.ReplicaKey;
import io.millrace.raft.Voter;
import io.millrace.raft.VoterSet;
import io.millrace.raft.run.PeerAnswerMessages;
import io.millrace.raft.run.PeerRequestMessages;
import io.millrace.raft.run.QuorumNetwork;
import io.millrace.server.network.NodeLine;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The lines to the other voters, one conversation each, on the quorum's lane. Whom they lead to is asked of the quorum each
 * time, as voters and addresses change with the log (KIP-853). A node that has not read yet who votes asks at the addresses it was
 * given, and believes the answer about where the leader is.
 */
public final class PeerLines implements QuorumNetwork.Peers {
    private static final String KRAFT_VERSION = "kraft.version";
    private static final System.Logger LOG = System.getLogger(PeerLines.class.getName());

    /** As long as Kafka's controllers wait. */
    private static final ReconnectBackoff BACKOFF = new ReconnectBackoff(50, 500);

    /** A replica asks one thing of another at a time; what it has lost interest in may still be under way. */
    private static final int MOST_IN_FLIGHT = 8;

    /** Above any batch of the metadata log, with which Kafka's leaders fill an answer up to 8 MiB. */
    private static final int MOST_ANSWER_BYTES = 32 << 20;

    private static final long IDLE_BUFFER_BYTES = 1 << 20;
    private static final long LARGE_BUFFER_BYTES = 64 << 20;

    private final Supplier<PeerRequestMessages.Sender> self;
    private final String controllerListener;
    private final NodeLine.Means means;
    private final Map<Integer, NodeLine> lines = new TreeMap<>();
    /** Where somebody of another cluster answers. */
    private final Set<NodeLine.Address> strangers = new HashSet<>();

    private Consumer<String> foreign = why -> {};
    private Supplier<VoterSet> voters = () -> VoterSet.NONE;
    private List<Voter.Endpoint> bootstrap = List.of();
    private int bootstrapTurns;
    private @Nullable NodeLine aroundLine;
    /** Whom an answer named as leader; of use until the log says where voters are. */
    private @Nullable Voter toldLeader;

    /**
     * Lines that lead nowhere before {@link #findBy}.
     *
     * @param self who asks; looked at with each request, as ports are known late
     * @param controllerListener the listener whose addresses of voters are used
     * @param lane the quorum's
     * @param requestMs how long an answer may take, {@code controller.quorum.request.timeout.ms}
     */
    public PeerLines(
            Supplier<PeerRequestMessages.Sender> self,
            String controllerListener,
            Transport transport,
            Lane lane,
            Clock clock,
            Randomness randomness,
            long requestMs) {
        this(
                self,
                controllerListener,
                new NodeLine.Means(
                        transport,
                        new ConversationLane(lane, clock, new BufferPool(IDLE_BUFFER_BYTES, LARGE_BUFFER_BYTES)),
                        clock,
                        randomness,
                        settings("raft", requestMs, MOST_IN_FLIGHT),
                        BACKOFF,
                        true));
    }

    private PeerLines(Supplier<PeerRequestMessages.Sender> self, String controllerListener, NodeLine.Means means) {
        this.self = self;
        this.controllerListener = controllerListener;
        this.means = means;
    }

    private static ClientSettings settings(String clientId, long requestMs, int mostInFlight) {
        ClientSettings usual = ClientSettings.named(clientId);
        return new ClientSettings(
                usual.clientId(),
                usual.softwareName(),
                usual.softwareVersion(),
                requestMs,
                requestMs,
                MOST_ANSWER_BYTES,
                mostInFlight);
    }

    /**
     * Lines to the same nodes by conversations of their own, so that what is asked does not stand behind a fetch that waits for news.
     *
     * @param clientId what this node calls itself there
     * @param requestMs how long an answer may take
     * @param mostInFlight requests to one node that are not answered; others fail at once
     */
    public PeerLines besides(String clientId, long requestMs, int mostInFlight) {
        var others = new PeerLines(
                self,
                controllerListener,
                new NodeLine.Means(
                        means.transport(),
                        means.shared(),
                        means.clock(),
                        means.randomness(),
                        settings(clientId, requestMs, mostInFlight),
                        BACKOFF,
                        false));
        others.findBy(this::known);
        return others;
    }

    /** Says at which addresses the quorum may be asked who leads it, {@code controller.quorum.bootstrap.servers}. */
    public void bootstrapAt(List<Voter.Endpoint> endpoints) {
        bootstrap = List.copyOf(endpoints);
    }

    /** Has {@code then} told, later, on the lane, should most of those be of another cluster whom this node is to be of one quorum with. */
    public void whenForeign(Consumer<String> then) {
        foreign = then;
    }

    /** Says who votes, and so where everybody is. */
    public void findBy(Supplier<VoterSet> who) {
        voters = who;
    }

    @Override
    public void ask(ReplicaKey to, PeerRequest request, Consumer<Optional<PeerAnswer>> then) {
        send(to.id(), PeerRequestMessages.write(request, self.get(), to), answer -> {
            // What became of the line is known when it has told everybody that waited.
            if (answer instanceof Answer.Failed)
                means.shared().lane().execute(() -> then.accept(read(to, request, answer)));
            else then.accept(read(to, request, answer));
        });
    }

    @Override
    public boolean canAskAround() {
        return !bootstrap.isEmpty();
    }

    @Override
    public void askAround(PeerRequest request, Consumer<Optional<PeerAnswer>> then) {
        Voter.Endpoint endpoint = bootstrap.get(bootstrapTurns++ % bootstrap.size());
        NodeLine line = aroundLine;
        if (line == null || !line.address().equals(address(endpoint))) {
            if (line != null) line.close();
            line = new NodeLine("controller", address(endpoint), means, NodeLine.Events.NONE);
            aroundLine = line;
        }
        NodeLine asked = line;
        // Of somebody of whom only the address is known neither id nor directory can be said.
        Request message = PeerRequestMessages.write(request, self.get(), new ReplicaKey(0, Uuid.ZERO));
        asked.send(message, answer -> {
            Optional<PeerAnswer> read = readAround(asked, answer);
            // Once a leader is known, the lines to voters go on. The answer's buffer is still in use.
            if (read.isPresent() && read.get().leader().leaderId().isPresent())
                means.shared().lane().execute(() -> leave(asked));
            then.accept(read);
        });
    }

    private Optional<PeerAnswer> readAround(NodeLine asked, Answer answer) {
        if (!(answer instanceof Answer.Answered(Response response, short version))) return Optional.empty();
        noteLeader(response);
        Optional<PeerAnswer> read = PeerAnswerMessages.read(response).map(PeerLines::withOwnBytes);
        read.ifPresent(understood -> noteCluster(asked, understood));
        return read;
    }

    private void leave(NodeLine line) {
        line.close();
        if (line == aroundLine) aroundLine = null;
    }

    private void noteLeader(Response response) {
        PeerAnswerMessages.leaderToldBy(response, controllerListener).ifPresent(told -> toldLeader = told);
    }

    /** Whom the log names, and the leader that was told of if the log does not name it. */
    private VoterSet known() {
        VoterSet named = voters.get();
        Voter told = toldLeader;
        if (told == null || named.find(told.key().id()).isPresent()) return named;
        List<Voter> all = new ArrayList<>(named.voters());
        all.add(told);
        return new VoterSet(all);
    }

    @Override
    public void askVersions(Voter voter, Consumer<Optional<QuorumEvent.KraftVersions>> then) {
        Optional<Voter.Endpoint> endpoint = QuorumDoor.endpoint(voter, controllerListener);
        if (endpoint.isEmpty()) {
            means.shared().lane().execute(() -> then.accept(Optional.empty()));
            return;
        }
        // It may be anybody who listens there, so that it gets no part in what voters' lines are for.
        NodeLine line =
                new NodeLine("controller " + voter.key().id(), address(endpoint.get()), means, NodeLine.Events.NONE);
        line.send(versions(), answer -> {
            means.shared().lane().execute(line::close);
            then.accept(kraftVersions(answer));
        });
    }

    private ApiVersionsRequest versions() {
        return ApiVersionsRequest.builder()
                .clientSoftwareName(means.settings().softwareName())
                .clientSoftwareVersion(means.settings().softwareVersion())
                .build();
    }

    /** Asks a voter for nothing but an answer; {@code then} is told once, later, on the lane, whether there was one. */
    public void reach(int toId, Consumer<Boolean> then) {
        send(toId, versions(), answer -> then.accept(answer instanceof Answer.Answered));
    }

    /** A feature that is not named is at its lowest level, which is 0. */
    private static Optional<QuorumEvent.KraftVersions> kraftVersions(Answer answer) {
        if (!(answer instanceof Answer.Answered(Response response, short version))) return Optional.empty();
        if (!(response instanceof ApiVersionsResponse versions) || versions.errorCode() != ErrorCode.NONE.code())
            return Optional.empty();
        for (var feature : versions.supportedFeatures())
            if (feature.name().equals(KRAFT_VERSION))
                return Optional.of(new QuorumEvent.KraftVersions(feature.minVersion(), feature.maxVersion()));
        return Optional.of(new QuorumEvent.KraftVersions((short) 0, (short) 0));
    }

    /** Sends any request to a voter; answered once, later, on the lane. */
    public void send(int toId, Request request, Consumer<Answer> then) {
        Optional<Voter.Endpoint> endpoint =
                known().find(toId).flatMap(voter -> QuorumDoor.endpoint(voter, controllerListener));
        if (endpoint.isEmpty()) {
            var failed = new Answer.Failed(Answer.Reason.CONNECTION_LOST, "nobody knows where node " + toId + " is");
            means.shared().lane().execute(() -> then.accept(failed));
            return;
        }
        line(toId, endpoint.get()).send(request, then);
    }

    private static NodeLine.Address address(Voter.Endpoint endpoint) {
        return new NodeLine.Address(endpoint.host(), endpoint.port());
    }

    private NodeLine line(int toId, Voter.Endpoint endpoint) {
        NodeLine known = lines.get(toId);
        if (known != null && known.address().equals(address(endpoint))) return known;
        if (known != null) known.close();
        NodeLine line = new NodeLine("voter " + toId, address(endpoint), means, NodeLine.Events.NONE);
        lines.put(toId, line);
        return line;
    }

    private Optional<PeerAnswer> read(ReplicaKey to, PeerRequest request, Answer answer) {
        return switch (answer) {
            case Answer.Answered(Response response, short version) -> {
                noteLeader(response);
                Optional<PeerAnswer> read = PeerAnswerMessages.read(response).map(PeerLines::withOwnBytes);
                read.ifPresent(understood -> noteCluster(lines.get(to.id()), understood));
                yield read;
            }
            // It knows no pre-votes (KIP-996), so that there is none it could refuse.
            case Answer.Failed(Answer.Reason reason, String sentence)
            when reason == Answer.Reason.UNSUPPORTED_VERSION
                    && request instanceof PeerRequest.Vote vote
                    && vote.isPreVote() ->
                Optional.of(new PeerAnswer.Voted(true, new LeaderAndEpoch(OptionalInt.empty(), 0)));
            case Answer.Failed failed -> isGone(to) ? Optional.of(new PeerAnswer.Gone()) : Optional.empty();
        };
    }

    private boolean isGone(ReplicaKey to) {
        NodeLine line = lines.get(to.id());
        return line != null && line.isRefused();
    }

    /** What an answer's bytes lie in is used anew as soon as it was handed over. */
    private static PeerAnswer withOwnBytes(PeerAnswer answer) {
        return switch (answer) {
            case PeerAnswer.Fetched(ByteBuffer records, long highWatermark, LeaderAndEpoch leader) ->
                new PeerAnswer.Fetched(copy(records), highWatermark, leader);
            case PeerAnswer.SnapshotPart part ->
                new PeerAnswer.SnapshotPart(
                        part.snapshotId(), part.sizeBytes(), part.position(), copy(part.bytes()), part.leader());
            default -> answer;
        };
    }

    private static ByteBuffer copy(ByteBuffer bytes) {
        return ByteBuffer.allocate(bytes.remaining()).put(bytes.duplicate()).flip();
    }

    private void noteCluster(@Nullable NodeLine line, PeerAnswer answer) {
        if (line == null) return;
        boolean isStranger =
                answer instanceof PeerAnswer.Refused refused && refused.error() == ErrorCode.INCONSISTENT_CLUSTER_ID;
        if (!isStranger) {
            strangers.remove(line.address());
            return;
        }
        if (!strangers.add(line.address())) return;
        String clusterId = self.get().clusterId();
        LOG.log(
                System.Logger.Level.ERROR,
                line + " is of another cluster than this node, whose cluster.id is " + clusterId
                        + "; it cannot take part in this quorum");
        if (isAmongStrangers())
            means.shared()
                    .lane()
                    .execute(
                            () -> foreign.accept(
                                    "this node is of cluster " + clusterId
                                            + ", as its meta.properties says, and " + line
                                            + " is of another one: format its directory for"
                                            + " that cluster, or correct controller.quorum.voters or controller.quorum.bootstrap.servers"));
    }

    /** Of several nodes one may be wrong; whoever differs from most of the others is. */
    private boolean isAmongStrangers() {
        Set<NodeLine.Address> others = new HashSet<>();
        for (Voter voter : voters.get().voters())
            if (voter.key().id() != self.get().key().id())
                QuorumDoor.endpoint(voter, controllerListener).ifPresent(endpoint -> others.add(address(endpoint)));
        if (others.isEmpty()) for (Voter.Endpoint endpoint : bootstrap) others.add(address(endpoint));
        int strange = 0;
        for (NodeLine.Address other : others) if (strangers.contains(other)) strange++;
        return 2 * strange > others.size();
    }
}
