package io.millrace.client;

import io.millrace.protocol.ApiKey;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.Response;
import io.millrace.protocol.messages.DescribeClusterRequest;
import io.millrace.protocol.messages.DescribeClusterResponse;
import io.millrace.protocol.messages.FindCoordinatorRequest;
import io.millrace.protocol.messages.FindCoordinatorResponse;
import io.millrace.protocol.messages.MetadataRequest;
import io.millrace.protocol.messages.MetadataResponse;
import java.io.IOException;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Finds the node that has to answer, and asks until there is an answer or the time is over. For one thread at a time.
 *
 * <p>A request whose connection breaks is sent again, perhaps to another node; what it asked for may by then be done, so
 * that a topic just created is answered with "exists already". Kafka's own admin client has the same edge.
 */
final class Cluster implements AutoCloseable {
    static final int FIRST_PAUSE_MS = 20;
    static final int MAX_PAUSE_MS = 1_000;
    private static final byte GROUP = 0;
    private static final byte TRANSACTION = 1;
    private static final int FIRST_BATCHED_FIND_COORDINATOR = 4;

    /** Answers that mean "not here" or "not yet"; all others are the caller's to judge. */
    private static final Set<ErrorCode> ASK_AGAIN = EnumSet.of(
            ErrorCode.NOT_CONTROLLER,
            ErrorCode.NOT_COORDINATOR,
            ErrorCode.COORDINATOR_NOT_AVAILABLE,
            ErrorCode.COORDINATOR_LOAD_IN_PROGRESS,
            ErrorCode.NOT_LEADER_OR_FOLLOWER,
            ErrorCode.LEADER_NOT_AVAILABLE,
            ErrorCode.REPLICA_NOT_AVAILABLE,
            ErrorCode.FENCED_LEADER_EPOCH,
            ErrorCode.UNKNOWN_LEADER_EPOCH,
            ErrorCode.OFFSET_NOT_AVAILABLE,
            ErrorCode.UNSTABLE_OFFSET_COMMIT,
            ErrorCode.CONCURRENT_TRANSACTIONS,
            ErrorCode.BROKER_NOT_AVAILABLE,
            ErrorCode.NETWORK_EXCEPTION);

    /** Nodes to ask are brokers. */
    static final byte BROKERS = 1;

    /** Nodes to ask are controllers, and the one that leads is the controller. */
    static final byte CONTROLLERS = 2;

    private static final int FIRST_WITH_ENDPOINT_TYPES = 1;

    private final byte endpointType;
    private final List<HostAndPort> bootstrap;
    private final AdminOptions options;
    private final SocketProtection protection;
    private final Map<HostAndPort, NodeConnection> connections = new LinkedHashMap<>();
    private final Map<Integer, HostAndPort> brokers = new TreeMap<>();
    private final Map<Destination, HostAndPort> coordinators = new HashMap<>();
    private int controllerId = -1;

    Cluster(List<HostAndPort> bootstrap, AdminOptions options, SocketProtection protection) {
        this(bootstrap, options, protection, BROKERS);
    }

    /** @param endpointType whether the addresses are those of brokers or of controllers (KIP-919) */
    Cluster(List<HostAndPort> bootstrap, AdminOptions options, SocketProtection protection, byte endpointType) {
        this.endpointType = endpointType;
        this.protection = protection;
        this.bootstrap = List.copyOf(bootstrap);
        this.options = options;
    }

    /** {@link #BROKERS} or {@link #CONTROLLERS}. */
    byte endpointType() {
        return endpointType;
    }

    AdminOptions options() {
        return options;
    }

    Deadline deadline() {
        return Deadline.in(options.timeoutMs());
    }

    /** Ids of the brokers that are up, ascending. */
    List<Integer> brokerIds(Deadline deadline) {
        refresh(deadline);
        return List.copyOf(brokers.keySet());
    }

    /** Whether any node that is up speaks a version of this request that we speak too. */
    boolean speaks(ApiKey key, Destination destination, Deadline deadline) {
        try {
            return connectionTo(destination, deadline).speaks(key);
        } catch (IOException e) {
            throw new ClientFailure.Unreachable(sentence(e), e);
        }
    }

    /** Where the node is that would have to answer. */
    HostAndPort addressOf(Destination destination, Deadline deadline) {
        try {
            return connectionTo(destination, deadline).address();
        } catch (IOException e) {
            throw new ClientFailure.Unreachable(sentence(e), e);
        }
    }

    /**
     * Asks, and asks again while the answer is "not here" or "not yet" or the connection breaks.
     *
     * @return the answer; if time ran out while it was "not yet", the last of these
     * @throws ClientFailure.Unreachable if there was none in time
     * @throws ClientFailure.NotSupported if the node does not speak the request
     */
    <R extends Response> R ask(Destination destination, Call<R> call, Deadline deadline) {
        int pauseMs = FIRST_PAUSE_MS;
        R notYet = null;
        IOException before = null;
        while (true) {
            IOException broken = null;
            HostAndPort asked = null;
            try {
                NodeConnection connection = connectionTo(destination, deadline);
                asked = connection.address();
                Response answer = connection.ask(call.key(), call.lowest(), call.highest(), call.request(), deadline);
                R typed = call.type().cast(answer);
                if (call.errors().apply(typed).stream().map(ErrorCode::forCode).noneMatch(ASK_AGAIN::contains))
                    return typed;
                notYet = typed;
            } catch (NodeConnection.NotKafka e) {
                throw new ClientFailure.Unreachable(sentence(e), e);
            } catch (ClientFailure.Unreachable e) {
                // Time ran out while the node was looked for again; what the one before it said is the better answer.
                if (notYet != null && deadline.isOver()) return notYet;
                if (before != null && deadline.isOver()) throw new ClientFailure.Unreachable(sentence(before), before);
                throw e;
            } catch (IOException e) {
                broken = e;
                before = e;
                if (asked != null) drop(asked);
            }
            forget(destination);
            if (deadline.isOver()) {
                if (notYet != null) return notYet;
                throw new ClientFailure.Unreachable(broken == null ? "out of time" : sentence(broken), broken);
            }
            pause(Math.min(pauseMs, deadline.leftMs()));
            pauseMs = Math.min(2 * pauseMs, MAX_PAUSE_MS);
        }
    }

    /** Asks a node for these topics, or with null for all, and notes which brokers there are. Creates no topic. */
    MetadataResponse metadata(@Nullable List<String> topics, Deadline deadline) {
        List<MetadataRequest.MetadataRequestTopic> named = null;
        if (topics != null) {
            named = new ArrayList<>();
            for (String topic : topics)
                named.add(MetadataRequest.MetadataRequestTopic.builder()
                        .name(topic)
                        .build());
        }
        var request = MetadataRequest.builder()
                .topics(named)
                .allowAutoTopicCreation(false)
                .build();
        // An error of one topic is the caller's to judge; version 4 is the first that can say "do not create".
        var call = Call.of(request, MetadataResponse.class, answer -> List.of(answer.errorCode()))
                .from(4);
        var answer = ask(new Destination.AnyNode(), call, deadline);
        if (answer.errorCode() != ErrorCode.NONE.code())
            throw new ClientFailure.Refused(ErrorCode.forCode(answer.errorCode()), null);
        brokers.clear();
        for (var broker : answer.brokers()) brokers.put(broker.nodeId(), new HostAndPort(broker.host(), broker.port()));
        controllerId = answer.controllerId();
        return answer;
    }

    private void refresh(Deadline deadline) {
        if (endpointType == CONTROLLERS) controllers(deadline);
        else metadata(List.of(), deadline);
    }

    private void controllers(Deadline deadline) {
        var request = DescribeClusterRequest.builder().endpointType(CONTROLLERS).build();
        var call = Call.of(request, DescribeClusterResponse.class, answer -> List.of(answer.errorCode()))
                .from(FIRST_WITH_ENDPOINT_TYPES);
        var answer = ask(new Destination.AnyNode(), call, deadline);
        if (answer.errorCode() != ErrorCode.NONE.code())
            throw new ClientFailure.Refused(ErrorCode.forCode(answer.errorCode()), answer.errorMessage());
        brokers.clear();
        for (var node : answer.brokers()) brokers.put(node.brokerId(), new HostAndPort(node.host(), node.port()));
        controllerId = answer.controllerId();
    }

    private void forget(Destination destination) {
        switch (destination) {
            case Destination.AnyNode() -> {}
            case Destination.Controller() -> controllerId = -1;
            case Destination.Broker(int id) -> brokers.remove(id);
            case Destination.GroupCoordinator coordinator -> coordinators.remove(coordinator);
            case Destination.TransactionCoordinator coordinator -> coordinators.remove(coordinator);
        }
    }

    private NodeConnection connectionTo(Destination destination, Deadline deadline) throws IOException {
        return switch (destination) {
            case Destination.AnyNode() -> anyConnection(deadline);
            case Destination.Controller() -> {
                if (controllerId < 0) refresh(deadline);
                if (controllerId < 0) throw new IOException("the cluster has no controller at the moment");
                yield broker(controllerId, deadline);
            }
            case Destination.Broker(int id) -> broker(id, deadline);
            case Destination.GroupCoordinator(String groupId) -> coordinator(destination, groupId, GROUP, deadline);
            case Destination.TransactionCoordinator(String id) -> coordinator(destination, id, TRANSACTION, deadline);
        };
    }

    private NodeConnection coordinator(Destination destination, String key, byte keyType, Deadline deadline)
            throws IOException {
        HostAndPort known = coordinators.get(destination);
        if (known == null) {
            known = findCoordinator(key, keyType, deadline);
            coordinators.put(destination, known);
        }
        return connection(known, deadline);
    }

    private NodeConnection broker(int id, Deadline deadline) throws IOException {
        if (!brokers.containsKey(id)) refresh(deadline);
        HostAndPort address = brokers.get(id);
        if (address == null) throw new IOException("node " + id + " is not up");
        return connection(address, deadline);
    }

    /** Before version 4 there is one key and one answer; from then on lists of both (KIP-699). */
    private HostAndPort findCoordinator(String key, byte keyType, Deadline deadline) {
        var call = new Call<>(
                ApiKey.FIND_COORDINATOR,
                1,
                ApiKey.FIND_COORDINATOR.latestVersion(),
                version -> version < FIRST_BATCHED_FIND_COORDINATOR
                        ? FindCoordinatorRequest.builder()
                                .key(key)
                                .keyType(keyType)
                                .build()
                        : FindCoordinatorRequest.builder()
                                .keyType(keyType)
                                .coordinatorKeys(List.of(key))
                                .build(),
                FindCoordinatorResponse.class,
                Cluster::findErrors);
        var answer = ask(new Destination.AnyNode(), call, deadline);
        short error = findErrors(answer).getFirst();
        var listed = answer.coordinators();
        String message =
                listed.isEmpty() ? answer.errorMessage() : listed.getFirst().errorMessage();
        if (error != ErrorCode.NONE.code()) throw new ClientFailure.Refused(ErrorCode.forCode(error), message);
        HostAndPort found = listed.isEmpty()
                ? new HostAndPort(answer.host(), answer.port())
                : new HostAndPort(listed.getFirst().host(), listed.getFirst().port());
        return found;
    }

    private static List<Short> findErrors(FindCoordinatorResponse answer) {
        return answer.coordinators().isEmpty()
                ? List.of(answer.errorCode())
                : List.of(answer.coordinators().getFirst().errorCode());
    }

    /** An open connection, or a new one to whoever accepts it first: the bootstrap addresses, then the brokers known. */
    private NodeConnection anyConnection(Deadline deadline) throws IOException {
        if (!connections.isEmpty()) return connections.values().iterator().next();
        Set<HostAndPort> candidates = new LinkedHashSet<>(bootstrap);
        candidates.addAll(brokers.values());
        Deadline reached = deadline.orIn(options.connectTimeoutMs());
        int pauseMs = FIRST_PAUSE_MS;
        IOException last = null;
        while (true) {
            for (HostAndPort candidate : candidates) {
                try {
                    return connection(candidate, reached);
                } catch (NodeConnection.LoginRefused refused) {
                    throw refused; // The others know the same users.
                } catch (IOException e) {
                    if (e instanceof NodeConnection.NotKafka notKafka && candidates.size() == 1) throw notKafka;
                    // An attempt that the deadline cut short says nothing about the node.
                    if (last == null || !reached.isOver()) last = e;
                }
            }
            if (reached.isOver() && last != null)
                throw new ClientFailure.Unreachable(
                        candidates.size() == 1
                                ? sentence(last)
                                : "none of " + candidates + " can be reached; of the last, " + sentence(last),
                        last);
            pause(Math.min(pauseMs, reached.leftMs()));
            pauseMs = Math.min(2 * pauseMs, MAX_PAUSE_MS);
        }
    }

    private NodeConnection connection(HostAndPort address, Deadline deadline) throws IOException {
        NodeConnection open = connections.get(address);
        if (open != null) return open;
        NodeConnection opened =
                NodeConnection.open(address, options.clientId(), protection, deadline.orIn(options.connectTimeoutMs()));
        connections.put(address, opened);
        return opened;
    }

    private void drop(HostAndPort address) {
        NodeConnection broken = connections.remove(address);
        if (broken != null) broken.close();
    }

    private static String sentence(IOException e) {
        return String.valueOf(e.getMessage());
    }

    static void pause(int ms) {
        try {
            Thread.sleep(ms);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ClientFailure.Unreachable("interrupted while waiting to ask again", e);
        }
    }

    @Override
    public void close() {
        for (NodeConnection connection : connections.values()) connection.close();
        connections.clear();
    }
}
