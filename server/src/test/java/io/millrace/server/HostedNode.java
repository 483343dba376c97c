package io.millrace.server;

import io.millrace.connection.BufferPool;
import io.millrace.connection.CloseReason;
import io.millrace.connection.run.Answer;
import io.millrace.connection.run.ClientConversation;
import io.millrace.connection.run.ClientConversationEvents;
import io.millrace.connection.run.ClientSettings;
import io.millrace.connection.run.ConversationLane;
import io.millrace.connection.run.PayloadFiles;
import io.millrace.environment.Disk;
import io.millrace.environment.Environment;
import io.millrace.environment.Lane;
import io.millrace.host.HostEnvironment;
import io.millrace.host.SocketOptions;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.Request;
import io.millrace.protocol.Response;
import io.millrace.protocol.Uuid;
import io.millrace.protocol.messages.CreateTopicsRequest;
import io.millrace.protocol.messages.CreateTopicsResponse;
import io.millrace.server.config.ListenerAddress;
import io.millrace.server.config.ServerConfig;
import io.millrace.server.format.FormatOptions;
import io.millrace.server.format.Formatter;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;

/** A node on real lanes, sockets and files, and a client of it; a test waits for each answer. */
final class HostedNode implements AutoCloseable {
    private static final long MOST_SECONDS = 20;
    private static final long MOST_SECONDS_OF_LOOKS = 30;
    private static final String CLUSTER = "AAAAAAAAQACAAAAAAAAAAQ";

    private final HostEnvironment host;
    private final Node node;
    final Ready ready;
    private final ClientConversation client;
    private final Lane clientLane;
    private boolean isStopped;

    private HostedNode(HostEnvironment host, Node node, Ready ready) throws Exception {
        this.host = host;
        this.node = node;
        this.ready = ready;
        this.clientLane = host.metadataLane();
        ListenerAddress listener = ready.listeners().get(0);
        ConversationLane shared = new ConversationLane(clientLane, host.clock(), new BufferPool(4 << 20, 64 << 20));
        this.client = await(on(
                clientLane,
                () -> ClientConversation.open(
                        host.transport(),
                        new InetSocketAddress(InetAddress.getLoopbackAddress(), listener.port()),
                        shared,
                        ClientSettings.named("test"),
                        PayloadFiles.NONE,
                        new ClientConversationEvents() {
                            @Override
                            public void onReady(ClientConversation conversation) {}

                            @Override
                            public void onClosed(ClientConversation conversation, CloseReason reason) {}
                        })));
    }

    /** Formats the directory if it is new, and waits until the node serves. */
    static HostedNode start(Path directory, int lanes, String... properties) throws Exception {
        return start(directory, lanes, disk -> disk, properties);
    }

    /** As the other, on the host's disk as {@code on} has it. */
    static HostedNode start(Path directory, int lanes, UnaryOperator<Disk> on, String... properties) throws Exception {
        return startOf(CLUSTER, directory, lanes, on, properties);
    }

    /** As the other, with a new directory formatted for a cluster of that id. */
    static HostedNode startOf(String clusterId, Path directory, int lanes, UnaryOperator<Disk> on, String... properties)
            throws Exception {
        Map<String, String> stated = new LinkedHashMap<>();
        stated.put("log.dirs", directory.toString());
        stated.put("listeners", "PLAINTEXT://127.0.0.1:0,CONTROLLER://127.0.0.1:0");
        stated.put("controller.listener.names", "CONTROLLER");
        stated.put("group.initial.rebalance.delay.ms", "0");
        for (int i = 0; i < properties.length; i += 2) stated.put(properties[i], properties[i + 1]);
        ServerConfig config = new ServerConfig(stated);
        CompletableFuture<Ready> ready = new CompletableFuture<>();
        HostEnvironment host = HostEnvironment.start(
                lanes, 2, SocketOptions.DEFAULT, 0, (lane, cause) -> ready.completeExceptionally(cause));
        boolean isDone = false;
        try {
            if (!Files.exists(directory.resolve("meta.properties")))
                new Formatter(host.disk())
                        .format(
                                options(clusterId, config).plan(config),
                                host.clock().wallMs(),
                                () -> new Uuid(
                                        host.randomness().nextLong(),
                                        host.randomness().nextLong()));
            Environment environment = new Environment(
                    host.clock(),
                    host.randomness(),
                    on.apply(host.disk()),
                    host.transport(),
                    List.copyOf(host.lanes()),
                    host.metadataLane());
            Node node = Node.boot(environment, config, new NodeEvents() {
                @Override
                public void ready(Ready what) {
                    ready.complete(what);
                }

                @Override
                public void failed(Exception why) {
                    ready.completeExceptionally(why);
                }
            });
            HostedNode hosted = new HostedNode(host, node, await(ready));
            isDone = true;
            return hosted;
        } finally {
            if (!isDone) host.close();
        }
    }

    /** Who joins a quorum makes none. */
    private static FormatOptions options(String clusterId, ServerConfig config) {
        if (!config.effective().brokerBoolean("controller.quorum.auto.join.enable"))
            return FormatOptions.forStart(clusterId);
        return new FormatOptions(
                clusterId, Optional.empty(), Map.of(), new FormatOptions.QuorumChoice.NoInitialControllers(), true);
    }

    /** What a test looks at until it is as wanted. */
    interface Look<T> {
        T look() throws Exception;
    }

    /** Looks again and again, as whoever is asked has its turn with each; for 30 s at most. */
    static <T> T await(String what, Look<T> look, Predicate<T> isWanted) throws Exception {
        long untilNanos = System.nanoTime() + TimeUnit.SECONDS.toNanos(MOST_SECONDS_OF_LOOKS);
        while (true) {
            T found = look.look();
            if (isWanted.test(found)) return found;
            if (System.nanoTime() > untilNanos) throw new AssertionError(what + " did not come; last was " + found);
        }
    }

    /** Asks it for a topic with one partition on these brokers. */
    ErrorCode create(String topic, List<Integer> replicas, boolean validateOnly, int timeoutMs) throws Exception {
        var assignment = CreateTopicsRequest.CreatableReplicaAssignment.builder()
                .partitionIndex(0)
                .brokerIds(replicas);
        var request = CreateTopicsRequest.builder()
                .topics(List.of(CreateTopicsRequest.CreatableTopic.builder()
                        .name(topic)
                        .numPartitions(-1)
                        .replicationFactor((short) -1)
                        .assignments(List.of(assignment.build()))
                        .build()))
                .timeoutMs(timeoutMs)
                .validateOnly(validateOnly);
        CreateTopicsResponse response = ask(request.build(), CreateTopicsResponse.class);
        return ErrorCode.forCode(response.topics().getFirst().errorCode());
    }

    private static <T> T await(CompletableFuture<T> future) throws Exception {
        return future.get(MOST_SECONDS, TimeUnit.SECONDS);
    }

    private static <T> CompletableFuture<T> on(Lane lane, java.util.concurrent.Callable<T> work) {
        CompletableFuture<T> done = new CompletableFuture<>();
        lane.execute(() -> {
            try {
                done.complete(work.call());
            } catch (Exception thrown) {
                done.completeExceptionally(thrown);
            }
        });
        return done;
    }

    /** Asks, and reads what is wanted off the answer while its buffers hold. */
    <R extends Response, T> T ask(Request request, Class<R> type, Function<R, T> read) throws Exception {
        CompletableFuture<T> answer = new CompletableFuture<>();
        clientLane.execute(() -> client.send(request, answered -> {
            try {
                switch (answered) {
                    case Answer.Answered(Response response, short version) ->
                        answer.complete(read.apply(type.cast(response)));
                    case Answer.Failed(Answer.Reason reason, String sentence) ->
                        answer.completeExceptionally(new AssertionError(reason + ": " + sentence));
                }
            } catch (RuntimeException thrown) {
                answer.completeExceptionally(thrown);
            }
        }));
        return await(answer);
    }

    <R extends Response> R ask(Request request, Class<R> type) throws Exception {
        return ask(request, type, response -> response);
    }

    /** Asks the node itself. */
    <T> T told(Consumer<Consumer<T>> question) throws Exception {
        CompletableFuture<T> answer = new CompletableFuture<>();
        question.accept(answer::complete);
        return await(answer);
    }

    Node node() {
        return node;
    }

    /** Stops in order. */
    void stop() throws Exception {
        isStopped = true;
        Optional<Exception> failure = told(node::stop);
        host.close();
        if (failure.isPresent()) throw failure.get();
    }

    /** Ends without any order, as if the process were killed. */
    @Override
    public void close() throws IOException {
        if (!isStopped) host.close();
        isStopped = true;
    }
}
