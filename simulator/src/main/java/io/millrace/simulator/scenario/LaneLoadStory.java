package io.millrace.simulator.scenario;

import io.millrace.connection.BufferPool;
import io.millrace.connection.run.ConversationLane;
import io.millrace.environment.Environment;
import io.millrace.environment.Lane;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.RecordsPayload;
import io.millrace.protocol.Uuid;
import io.millrace.protocol.messages.FetchRequest;
import io.millrace.protocol.messages.FetchResponse;
import io.millrace.protocol.messages.ProduceRequest;
import io.millrace.protocol.messages.ProduceResponse;
import io.millrace.records.BatchBuilder;
import io.millrace.simulator.LaneWork;
import io.millrace.simulator.SimulatedNetwork;
import io.millrace.simulator.SimulatedNode;
import io.millrace.simulator.Simulation;
import io.millrace.testkit.SeededRandom;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One server with so many lanes under a load that its seed alone decides: clients of one connection each, which send
 * a record to some partition, read it, and so on. Nothing fails. Tells how the work was shared by the lanes: a lane stands
 * for a core, and what the machine underneath would add by caches and memory is not in it.
 */
public final class LaneLoadStory {
    private static final int PARTITIONS = 64;
    private static final int CLIENTS = 64;
    private static final int ROUNDS = 25;
    private static final int REQUESTS_PER_ROUND = 2;
    private static final int TIMEOUT_MS = 5_000;
    private static final int FETCH_BYTES = 1 << 16;
    private static final long MOST_MS = 600_000;

    private final long seed;
    private final Simulation simulation;
    private final SimulatedServer server;
    private final SimulatedNode clients;
    private final ConversationLane shared;

    /**
     * How the load was shared.
     *
     * @param requests how many were answered
     * @param lanes    what each lane did for them
     */
    public record Outcome(long requests, List<LaneWork> lanes) {
        /** Keeps its own copy of the list. */
        public Outcome {
            lanes = List.copyOf(lanes);
        }

        /** The part of all turns that the busiest lane had, from 0 to 1. */
        public double busiestShare() {
            long all = lanes.stream().mapToLong(LaneWork::turns).sum();
            return lanes.stream().mapToLong(LaneWork::turns).max().orElse(0) / (double) all;
        }

        /** Turns of all lanes for one request. */
        public double turnsPerRequest() {
            return lanes.stream().mapToLong(LaneWork::turns).sum() / (double) requests;
        }

        /** Messages between lanes for one request. */
        public double messagesPerRequest() {
            return lanes.stream().mapToLong(LaneWork::messages).sum() / (double) requests;
        }
    }

    /** A story with the load of a seed; lanes are all that differs between two stories of one seed. */
    public LaneLoadStory(long seed, int laneCount) {
        this.seed = seed;
        simulation = new Simulation(seed);
        SimulatedNetwork network = new SimulatedNetwork(simulation);
        server = new SimulatedServer(simulation, network, laneCount, Map.of());
        clients = network.addNode(1);
        shared = new ConversationLane(lane(), clients.environment().clock(), new BufferPool(1 << 20, 16 << 20));
    }

    /**
     * Tells it.
     *
     * @throws AssertionError if a request is not answered as it should
     */
    public Outcome run() {
        server.start();
        simulation.runUntil(server::isServing, MOST_MS);
        TopicMaker topic = new TopicMaker("load", PARTITIONS, caller("admin"));
        lane().execute(topic::begin);
        simulation.runUntil(topic::isDone, MOST_MS);
        List<Client> all = new ArrayList<>();
        for (int i = 0; i < CLIENTS; i++) all.add(new Client(topic.topicId(), caller("client-" + i), i));
        rounds(all, 1);
        List<LaneWork> before = server.machine().laneWork();
        rounds(all, ROUNDS);
        List<LaneWork> after = server.machine().laneWork();
        List<LaneWork> done = new ArrayList<>();
        for (int i = 0; i < after.size(); i++) done.add(after.get(i).since(before.get(i)));
        return new Outcome((long) CLIENTS * ROUNDS * REQUESTS_PER_ROUND, done);
    }

    private void rounds(List<Client> all, int count) {
        for (Client client : all) {
            client.roundsLeft = count;
            lane().execute(client::produce);
        }
        simulation.runUntil(() -> all.stream().allMatch(Client::isDone), MOST_MS);
    }

    private Lane lane() {
        return clients.environment().lanes().getFirst();
    }

    private Caller caller(String name) {
        Environment environment = clients.environment();
        return new Caller(name, environment.transport(), server.address(), shared, simulation.newRandom());
    }

    /** One client; a request at a time. */
    private final class Client {
        private final Uuid topic;
        private final Caller caller;
        private final SeededRandom random;
        private int roundsLeft;
        private @Nullable Runnable retry;

        Client(Uuid topic, Caller caller, int number) {
            this.topic = topic;
            this.caller = caller;
            this.random = new SeededRandom(seed * CLIENTS + number);
        }

        boolean isDone() {
            return roundsLeft == 0;
        }

        private void produce() {
            int partition = random.nextInt(PARTITIONS);
            retry = () -> produceTo(partition);
            produceTo(partition);
        }

        private void produceTo(int partition) {
            BatchBuilder batch = BatchBuilder.plain(0, -1);
            batch.append(simulation.nowMs(), null, new byte[random.nextInt(1, 200)], List.of());
            ProduceRequest request = ProduceRequest.builder()
                    .acks((short) -1)
                    .timeoutMs(TIMEOUT_MS)
                    .topicData(List.of(ProduceRequest.TopicProduceData.builder()
                            .topicId(topic)
                            .partitionData(List.of(ProduceRequest.PartitionProduceData.builder()
                                    .index(partition)
                                    .records(new RecordsPayload.Buffer(batch.build()))
                                    .build()))
                            .build()))
                    .build();
            caller.ask(
                    request,
                    ProduceResponse.class,
                    answer -> {
                        var done = answer.responses()
                                .getFirst()
                                .partitionResponses()
                                .getFirst();
                        if (answered(done.errorCode())) fetch(partition, done.baseOffset());
                    },
                    Client::lost);
        }

        private void fetch(int partition, long offset) {
            FetchRequest request = FetchRequest.builder()
                    .maxWaitMs(TIMEOUT_MS)
                    .minBytes(1)
                    .sessionEpoch(-1)
                    .topics(List.of(FetchRequest.FetchTopic.builder()
                            .topicId(topic)
                            .partitions(List.of(FetchRequest.FetchPartition.builder()
                                    .partition(partition)
                                    .fetchOffset(offset)
                                    .partitionMaxBytes(FETCH_BYTES)
                                    .build()))
                            .build()))
                    .build();
            retry = () -> fetch(partition, offset);
            caller.ask(
                    request,
                    FetchResponse.class,
                    answer -> {
                        if (!answered(answer.responses()
                                .getFirst()
                                .partitions()
                                .getFirst()
                                .errorCode())) return;
                        roundsLeft--;
                        if (roundsLeft > 0) produce();
                    },
                    Client::lost);
        }

        /** A new topic's partitions take a moment to come up; the first round, which is not counted, sees to that. */
        private boolean answered(short errorCode) {
            ErrorCode error = ErrorCode.forCode(errorCode);
            if (error == ErrorCode.NONE) return true;
            if (!error.isRetriable() || retry == null) throw new AssertionError("a request was answered " + error);
            caller.afterPause(retry);
            return false;
        }

        private static void lost() {
            throw new AssertionError("a request was lost though nothing fails");
        }
    }
}
