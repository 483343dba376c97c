package io.millrace.simulator.scenario;

import io.millrace.connection.BufferPool;
import io.millrace.connection.CloseReason;
import io.millrace.connection.ConversationLimits;
import io.millrace.connection.run.Answer;
import io.millrace.connection.run.ClientConversation;
import io.millrace.connection.run.ClientConversationEvents;
import io.millrace.connection.run.ClientSettings;
import io.millrace.connection.run.ConversationLane;
import io.millrace.connection.run.PayloadFiles;
import io.millrace.connection.run.RequestFrame;
import io.millrace.connection.run.ServerConversation;
import io.millrace.environment.Environment;
import io.millrace.protocol.ApiKey;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.RecordsPayload;
import io.millrace.protocol.Request;
import io.millrace.protocol.Response;
import io.millrace.protocol.Uuid;
import io.millrace.protocol.messages.ApiVersionsResponse;
import io.millrace.protocol.messages.FindCoordinatorRequest;
import io.millrace.protocol.messages.FindCoordinatorResponse;
import io.millrace.protocol.messages.MetadataRequest;
import io.millrace.protocol.messages.MetadataResponse;
import io.millrace.protocol.messages.ProduceRequest;
import io.millrace.protocol.messages.ProduceResponse;
import io.millrace.protocol.messages.WriteTxnMarkersRequest;
import io.millrace.protocol.messages.WriteTxnMarkersResponse;
import io.millrace.records.BatchHeader;
import io.millrace.records.TopicPartition;
import io.millrace.simulator.SimulatedNetwork;
import io.millrace.simulator.SimulatedNode;
import io.millrace.simulator.Simulation;
import io.millrace.testkit.SeededRandom;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Stands between transactional producers and the real server, which has no transaction coordinator yet: three brokers to them, of
 * which one leads all partitions and hands their records on, and one of the other two coordinates, by a model. A batch is handed on
 * only if its transaction has its partition, as a leader makes sure of (KIP-890), and all batches and markers go to the server
 * by one connection, so that none overtakes another.
 *
 * <p>It is slow, loses requests and answers, refuses, is killed, and has the coordinator move, until it is told to heal. What the
 * models hold outlives all of that.
 */
final class CoordinatorPeer {
    /** What can happen to it as a whole. */
    enum Kind {
        /** {@code kill -9}; started again soon. */
        KILL,
        /** The other one coordinates from now on, once it has loaded. */
        MOVE,
        /** All connections are reset. */
        CUT,
        /** It stands still. */
        FREEZE
    }

    /** What can happen to one request. */
    private enum Mishap {
        NONE,
        /** It takes effect after a while, perhaps when nobody waits for the answer any more. */
        LATE,
        /** It is lost. */
        LOST,
        /** It takes effect, and the answer is lost. */
        ANSWER_LOST,
        /** It is refused. */
        REFUSED
    }

    private static final int LEADER_PORT = 9190;
    private static final int[] COORDINATOR_PORTS = {9191, 9192};
    private static final int FIRST_COORDINATOR_ID = 101;

    private static final int MOST_BETWEEN_MS = 3_000;
    private static final int MOST_DOWN_MS = 1_500;
    private static final int MOST_FROZEN_MS = 8_000;
    private static final int MOST_LOADING_MS = 1_500;
    private static final int MOST_LATE_MS = 9_000;
    private static final int MOST_MARKER_MS = 300;
    private static final int LOOK_MS = 20;
    private static final int NO_TIMEOUT_MS = 3_600_000;

    /** From here on Produce announces its partitions itself (KIP-890). */
    private static final int FIRST_PRODUCE_THAT_ADDS = 12;

    private static final int FIRST_PRODUCE_BY_ID = 13;
    private static final int FIRST_FIND_WITH_KEYS = 4;
    /** By topic names. */
    private static final short LAST_OFFSET_FETCH = 9;

    private static final short MARKERS_OF_FIRST = 1;
    private static final short MARKERS_OF_SECOND = 2;
    private static final List<ApiKey> SERVED = List.of(
            ApiKey.API_VERSIONS,
            ApiKey.METADATA,
            ApiKey.PRODUCE,
            ApiKey.FIND_COORDINATOR,
            ApiKey.INIT_PRODUCER_ID,
            ApiKey.ADD_PARTITIONS_TO_TXN,
            ApiKey.ADD_OFFSETS_TO_TXN,
            ApiKey.TXN_OFFSET_COMMIT,
            ApiKey.END_TXN,
            ApiKey.OFFSET_FETCH);

    private final Simulation simulation;
    private final SimulatedNetwork network;
    private final InetSocketAddress server;
    private final String topic;
    private final Uuid topicId;
    private final int transactionVersion;
    private final SeededRandom random;
    private final ModelTransactions transactions;
    private final ModelOffsets offsets = new ModelOffsets();
    private final TransactionAnswers answers;
    private final List<Kind> kinds = new ArrayList<>();
    private final List<Mishap> mishaps = new ArrayList<>();
    private final double mishapChance;
    private final Map<Kind, Integer> done = new EnumMap<>(Kind.class);
    private int left;
    private boolean isHealed;
    private SimulatedNode machine;
    private int coordinating;
    private int coordinatorEpoch;
    private long loadedAtMs;

    CoordinatorPeer(
            Simulation simulation,
            SimulatedNetwork network,
            InetSocketAddress server,
            String topic,
            Uuid topicId,
            int transactionVersion,
            int faults) {
        this.simulation = simulation;
        this.network = network;
        this.server = server;
        this.topic = topic;
        this.topicId = topicId;
        this.transactionVersion = transactionVersion;
        this.random = simulation.newRandom();
        this.transactions = new ModelTransactions(transactionVersion);
        this.answers = new TransactionAnswers(transactions, offsets);
        for (Kind kind : Kind.values()) if (random.nextInt(3) > 0) kinds.add(kind);
        for (Mishap mishap : Mishap.values()) if (mishap != Mishap.NONE && random.nextInt(3) > 0) mishaps.add(mishap);
        this.mishapChance = mishaps.isEmpty() ? 0 : random.pick(0.0, 0.02, 0.1, 0.25);
        this.left = kinds.isEmpty() ? 0 : faults;
        this.machine = network.addNode(1);
    }

    /** Where producers begin. */
    InetSocketAddress address() {
        return at(LEADER_PORT);
    }

    private static InetSocketAddress at(int port) {
        return new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
    }

    void begin() {
        live();
        next();
    }

    boolean isOver() {
        return left == 0;
    }

    /** From now on all goes well. */
    void heal() {
        isHealed = true;
    }

    /** Whether no transaction is open or being ended. */
    boolean isQuiet() {
        return transactions.isQuiet();
    }

    long committed(String groupId, TopicPartition partition) {
        return offsets.committed(groupId, partition);
    }

    /** What happened, by kind. */
    Map<Kind, Integer> done() {
        return done;
    }

    @Override
    public String toString() {
        return "version " + transactionVersion + ", " + transactions + done + mishaps + " by " + mishapChance;
    }

    private void next() {
        if (left > 0) simulation.afterMs(1 + random.nextInt(MOST_BETWEEN_MS), this::strike);
    }

    private void strike() {
        Kind kind = random.pick(kinds);
        simulation.trace(kind.name().hashCode());
        if (!machine.isDown()) {
            done.merge(kind, 1, Integer::sum);
            switch (kind) {
                case KILL -> {
                    machine.kill();
                    simulation.afterMs(random.nextInt(MOST_DOWN_MS), this::live);
                }
                case MOVE -> load(1 - coordinating);
                case CUT -> machine.cutConnections();
                case FREEZE -> machine.freeze(random.nextInt(MOST_FROZEN_MS));
            }
        }
        left--;
        next();
    }

    private void live() {
        if (machine.isDown()) machine = network.restart(machine, 1);
        load(coordinating);
        machine.start(new Life(machine)::begin);
    }

    private void load(int who) {
        coordinating = who;
        coordinatorEpoch++;
        loadedAtMs = simulation.nowMs() + random.nextInt(MOST_LOADING_MS);
    }

    private Mishap mishap() {
        return !isHealed && random.chance(mishapChance) ? random.pick(mishaps) : Mishap.NONE;
    }

    private ErrorCode refusalOf(ApiKey apiKey) {
        return switch (apiKey) {
            case PRODUCE -> ErrorCode.NOT_ENOUGH_REPLICAS;
            case METADATA, FIND_COORDINATOR -> ErrorCode.COORDINATOR_NOT_AVAILABLE;
            case OFFSET_FETCH -> random.pick(ErrorCode.NOT_COORDINATOR, ErrorCode.COORDINATOR_LOAD_IN_PROGRESS);
            case TXN_OFFSET_COMMIT ->
                random.pick(
                        ErrorCode.NOT_COORDINATOR,
                        ErrorCode.COORDINATOR_LOAD_IN_PROGRESS,
                        ErrorCode.COORDINATOR_NOT_AVAILABLE,
                        ErrorCode.ILLEGAL_GENERATION);
            default ->
                random.pick(
                        ErrorCode.NOT_COORDINATOR,
                        ErrorCode.COORDINATOR_LOAD_IN_PROGRESS,
                        ErrorCode.COORDINATOR_NOT_AVAILABLE,
                        ErrorCode.CONCURRENT_TRANSACTIONS);
        };
    }

    /** From a start to a kill. */
    private final class Life {
        private final Environment here;
        private final ConversationLane shared;
        private final Set<ModelTransactions.Marker> writing = new HashSet<>();
        private @Nullable ClientConversation upstream;

        Life(SimulatedNode node) {
            here = node.environment();
            shared = new ConversationLane(here.lanes().getFirst(), here.clock(), new BufferPool(1 << 20, 16 << 20));
        }

        void begin() {
            try {
                listen(LEADER_PORT);
                for (int port : COORDINATOR_PORTS) listen(port);
            } catch (IOException e) {
                throw new AssertionError("the peer cannot listen", e);
            }
            shared.lane().execute(this::look);
        }

        private void listen(int port) throws IOException {
            here.transport().listen(at(port), here.lanes(), (connection, _) -> {
                return ServerConversation.begin(
                        connection,
                        shared,
                        // As Kafka does, one request of a connection at a time.
                        ConversationLimits.DEFAULT.withMaxRequestsInFlight(1),
                        ApiKey.Listener.BROKER,
                        true,
                        PayloadFiles.NONE,
                        (conversation, frame) -> {
                            frame.retain();
                            new Asked(port, conversation, frame, frame.read()).meet(mishap());
                        },
                        (conversation, reason) -> {});
            });
        }

        /** Ends what has been open for too long, and has markers written. */
        private void look() {
            if (loadedAtMs <= simulation.nowMs()) {
                transactions.expire(simulation.nowMs());
                for (ModelTransactions.Marker each : transactions.due()) {
                    if (!writing.add(each)) continue;
                    shared.lane().schedule(isHealed ? 0 : random.nextInt(MOST_MARKER_MS), () -> write(each));
                }
            }
            shared.lane().schedule(LOOK_MS, this::look);
        }

        private void write(ModelTransactions.Marker marker) {
            String group = ModelTransactions.groupOf(marker.place());
            if (group != null) {
                offsets.end(marker.producerId(), group, marker.isCommit());
                written(marker);
                return;
            }
            int partition =
                    Integer.parseInt(marker.place().substring(marker.place().lastIndexOf('-') + 1));
            boolean isSecond = transactionVersion > 1;
            WriteTxnMarkersRequest request = WriteTxnMarkersRequest.builder()
                    .markers(List.of(WriteTxnMarkersRequest.WritableTxnMarker.builder()
                            .producerId(marker.producerId())
                            .producerEpoch(marker.epoch())
                            .transactionResult(marker.isCommit())
                            .coordinatorEpoch(coordinatorEpoch)
                            .transactionVersion((byte) (isSecond ? transactionVersion : 0))
                            .topics(List.of(
                                    new WriteTxnMarkersRequest.WritableTxnMarkerTopic(topic, List.of(partition))))
                            .build()))
                    .build();
            upstream(
                    request,
                    isSecond ? MARKERS_OF_SECOND : MARKERS_OF_FIRST,
                    response -> {
                        ErrorCode error = ErrorCode.forCode(((WriteTxnMarkersResponse) response)
                                .markers()
                                .getFirst()
                                .topics()
                                .getFirst()
                                .partitions()
                                .getFirst()
                                .errorCode());
                        if (error == ErrorCode.NONE) written(marker);
                        else if (error.isRetriable()) writing.remove(marker);
                        else throw new AssertionError("T5: a marker is refused with " + error + ": " + marker);
                    },
                    () -> writing.remove(marker));
        }

        private void written(ModelTransactions.Marker marker) {
            simulation.trace(marker.producerId());
            transactions.written(marker);
            writing.remove(marker);
        }

        /** To the server, in the order of the calls. */
        private void upstream(Request request, short version, Consumer<Response> then, Runnable lost) {
            ClientConversation open = upstream;
            if (open == null || open.isClosed()) {
                ClientSettings settings =
                        new ClientSettings("peer", "millrace", "0.1.0", 2_000, NO_TIMEOUT_MS, 8 << 20, 10_000);
                open = ClientConversation.open(
                        here.transport(), server, shared, settings, PayloadFiles.NONE, Ends.UNHEARD);
                upstream = open;
            }
            open.send(request, version, NO_TIMEOUT_MS, answer -> {
                switch (answer) {
                    case Answer.Answered(Response response, short _) -> then.accept(response);
                    case Answer.Failed(Answer.Reason reason, String sentence) -> {
                        switch (reason) {
                            case CONNECTION_LOST, TIMED_OUT, CLOSED_HERE -> lost.run();
                            case UNSUPPORTED_VERSION, TOO_MANY, MALFORMED ->
                                throw new AssertionError(request.apiKey() + ": " + reason + ", " + sentence);
                        }
                    }
                }
            });
        }

        /** One request on its way. */
        private final class Asked {
            private final int port;
            private final ServerConversation conversation;
            private final RequestFrame frame;
            private final Request request;
            private boolean isAnswerLost;

            Asked(int port, ServerConversation conversation, RequestFrame frame, Request request) {
                this.port = port;
                this.conversation = conversation;
                this.frame = frame;
                this.request = request;
            }

            void meet(Mishap mishap) {
                simulation.trace(frame.apiKey().code());
                if (frame.apiKey() == ApiKey.API_VERSIONS) {
                    reply(versions());
                    return;
                }
                switch (mishap) {
                    case NONE -> take(ErrorCode.NONE);
                    case LATE -> shared.lane().schedule(random.nextInt(MOST_LATE_MS), this::takeLate);
                    case LOST -> hangUp();
                    case ANSWER_LOST -> {
                        isAnswerLost = true;
                        take(ErrorCode.NONE);
                    }
                    case REFUSED -> take(refusalOf(frame.apiKey()));
                }
            }

            /**
             * In version 1 a request that comes behind its own repetition may act on the next transaction (T7), which is what
             * KIP-890 is the cure of: there it is lost with its connection.
             */
            private void takeLate() {
                if (conversation.isClosed() && transactionVersion < 2) frame.release();
                else take(ErrorCode.NONE);
            }

            private void take(ErrorCode refusal) {
                switch (request) {
                    case MetadataRequest asked -> {
                        if (refusal != ErrorCode.NONE) hangUp();
                        else
                            upstream(
                                    asked,
                                    frame.version(),
                                    answer -> reply(view((MetadataResponse) answer)),
                                    this::hangUp);
                    }
                    case FindCoordinatorRequest asked -> reply(found(asked, refusal));
                    case ProduceRequest asked -> produce(asked, refusal);
                    default -> reply(answers.to(request, frame.version(), orElsewhere(refusal), simulation.nowMs()));
                }
            }

            private ErrorCode orElsewhere(ErrorCode refusal) {
                if (port != COORDINATOR_PORTS[coordinating]) return ErrorCode.NOT_COORDINATOR;
                if (simulation.nowMs() < loadedAtMs) return ErrorCode.COORDINATOR_LOAD_IN_PROGRESS;
                return refusal;
            }

            private void reply(Response response) {
                if (isAnswerLost) {
                    hangUp();
                    return;
                }
                conversation.reply(frame, response);
                frame.release();
            }

            private void hangUp() {
                conversation.close(new CloseReason(CloseReason.Kind.CLOSED_HERE, "is left without an answer"));
                frame.release();
            }

            private Response versions() {
                List<ApiVersionsResponse.ApiVersion> versions = new ArrayList<>();
                for (ApiKey each : SERVED)
                    versions.add(new ApiVersionsResponse.ApiVersion(
                            each.code(),
                            each.oldestVersion(),
                            each == ApiKey.OFFSET_FETCH ? LAST_OFFSET_FETCH : each.latestStableVersion()));
                return ApiVersionsResponse.builder()
                        .apiKeys(versions)
                        .finalizedFeaturesEpoch(1)
                        .finalizedFeatures(List.of(new ApiVersionsResponse.FinalizedFeatureKey(
                                "transaction.version", (short) transactionVersion, (short) 1)))
                        .build();
            }

            private Response view(MetadataResponse known) {
                List<MetadataResponse.MetadataResponseBroker> brokers = new ArrayList<>();
                for (var each : known.brokers()) brokers.add(broker(each.nodeId(), LEADER_PORT));
                for (int i = 0; i < COORDINATOR_PORTS.length; i++)
                    brokers.add(broker(FIRST_COORDINATOR_ID + i, COORDINATOR_PORTS[i]));
                return known.toBuilder().brokers(brokers).build();
            }

            private static MetadataResponse.MetadataResponseBroker broker(int id, int port) {
                return MetadataResponse.MetadataResponseBroker.builder()
                        .nodeId(id)
                        .host(at(port).getAddress().getHostAddress())
                        .port(port)
                        .build();
            }

            private Response found(FindCoordinatorRequest asked, ErrorCode refusal) {
                boolean hasKeys = frame.version() >= FIRST_FIND_WITH_KEYS;
                String key = hasKeys ? asked.coordinatorKeys().getFirst() : asked.key();
                boolean isKnown = refusal == ErrorCode.NONE;
                int id = isKnown ? FIRST_COORDINATOR_ID + coordinating : -1;
                String host = isKnown ? at(LEADER_PORT).getAddress().getHostAddress() : "";
                int itsPort = isKnown ? COORDINATOR_PORTS[coordinating] : -1;
                if (!hasKeys)
                    return FindCoordinatorResponse.builder()
                            .errorCode(refusal.code())
                            .nodeId(id)
                            .host(host)
                            .port(itsPort)
                            .build();
                return FindCoordinatorResponse.builder()
                        .coordinators(List.of(FindCoordinatorResponse.Coordinator.builder()
                                .key(key)
                                .errorCode(refusal.code())
                                .nodeId(id)
                                .host(host)
                                .port(itsPort)
                                .build()))
                        .build();
            }

            private void produce(ProduceRequest asked, ErrorCode refusal) {
                ErrorCode error = refusal;
                if (port != LEADER_PORT) error = ErrorCode.NOT_LEADER_OR_FOLLOWER;
                if (error == ErrorCode.NONE) error = vouch(asked);
                if (error == ErrorCode.NONE) upstream(asked, frame.version(), this::reply, this::hangUp);
                else reply(refused(asked, error));
            }

            /** What a leader asks the coordinator, and tells its producer of the answer. */
            private ErrorCode vouch(ProduceRequest asked) {
                String transactionalId = asked.transactionalId();
                if (transactionalId == null) throw new AssertionError("T8: a batch outside of transactions");
                if (simulation.nowMs() < loadedAtMs) return ErrorCode.NOT_ENOUGH_REPLICAS;
                boolean adds = frame.version() >= FIRST_PRODUCE_THAT_ADDS;
                for (var data : asked.topicData()) {
                    boolean isIt = frame.version() >= FIRST_PRODUCE_BY_ID
                            ? data.topicId().equals(topicId)
                            : data.name().equals(topic);
                    if (!isIt) throw new AssertionError("records of another topic: " + data.name() + data.topicId());
                    for (var each : data.partitionData()) {
                        ByteBuffer batch = batch(each.records());
                        long producerId = BatchHeader.producerId(batch, batch.position());
                        short epoch = BatchHeader.producerEpoch(batch, batch.position());
                        List<String> place =
                                List.of(ModelTransactions.placeOf(new TopicPartition(topic, each.index())));
                        ErrorCode error = adds
                                ? transactions.add(transactionalId, producerId, epoch, place, simulation.nowMs())
                                : transactions.verify(transactionalId, producerId, epoch, place);
                        if (error != ErrorCode.NONE) return toProducer(error, adds);
                    }
                }
                return ErrorCode.NONE;
            }

            private static ErrorCode toProducer(ErrorCode error, boolean adds) {
                return switch (error) {
                    case PRODUCER_FENCED -> ErrorCode.INVALID_PRODUCER_EPOCH;
                    case CONCURRENT_TRANSACTIONS -> adds ? error : ErrorCode.NOT_ENOUGH_REPLICAS;
                    case TRANSACTION_ABORTABLE -> ErrorCode.INVALID_TXN_STATE;
                    default -> error;
                };
            }

            private static ByteBuffer batch(@Nullable RecordsPayload records) {
                if (records instanceof RecordsPayload.Buffer(ByteBuffer bytes)) return bytes;
                throw new AssertionError("a Produce without records");
            }

            private static Response refused(ProduceRequest asked, ErrorCode error) {
                List<ProduceResponse.TopicProduceResponse> topics = new ArrayList<>();
                for (var data : asked.topicData()) {
                    List<ProduceResponse.PartitionProduceResponse> partitions = new ArrayList<>();
                    for (var each : data.partitionData())
                        partitions.add(ProduceResponse.PartitionProduceResponse.builder()
                                .index(each.index())
                                .errorCode(error.code())
                                .baseOffset(-1)
                                .build());
                    topics.add(ProduceResponse.TopicProduceResponse.builder()
                            .name(data.name())
                            .topicId(data.topicId())
                            .partitionResponses(partitions)
                            .build());
                }
                return ProduceResponse.builder().responses(topics).build();
            }
        }
    }

    /** Every failed request is told of by itself. */
    private enum Ends implements ClientConversationEvents {
        UNHEARD;

        @Override
        public void onReady(ClientConversation ready) {}

        @Override
        public void onClosed(ClientConversation closed, CloseReason reason) {}
    }
}
