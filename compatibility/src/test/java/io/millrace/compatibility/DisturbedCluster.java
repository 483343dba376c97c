package io.millrace.compatibility;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * One broker, or three of Apache's of which the first is the controller too, each behind a {@link CuttingProxy} that clients are
 * told of; they are stopped, killed and started again at will.
 */
final class DisturbedCluster implements AutoCloseable {
    private static final int SHOWN_LINES = 60;

    private static final class Node {
        private final BrokerUnderTest broker;
        private final CuttingProxy proxy;

        Node(BrokerKind kind, int requestsPerCut, Set<Integer> cutAround, long seed, List<String> settings) {
            broker = BrokerUnderTest.with(kind, port -> settings(port, settings));
            proxy = new CuttingProxy(broker::port, seed, requestsPerCut, cutAround);
        }

        private List<String> settings(int port, List<String> settings) {
            List<String> all = new ArrayList<>();
            for (String each : settings)
                all.add(each.replace("{port}", String.valueOf(port)).replace("{proxy}", String.valueOf(proxy.port())));
            return all;
        }
    }

    private final List<Node> nodes = new ArrayList<>();
    private final boolean canBeKilled;
    private final boolean isApaches;

    private DisturbedCluster(boolean canBeKilled, boolean isApaches) {
        this.canBeKilled = canBeKilled;
        this.isApaches = isApaches;
    }

    /** One broker; ours is also killed. */
    static DisturbedCluster of(BrokerKind kind, int requestsPerCut, Set<Integer> cutAround, Random random) {
        DisturbedCluster cluster = new DisturbedCluster(kind instanceof MillraceBroker, kind instanceof ApacheBroker);
        cluster.start(new Node(
                kind,
                requestsPerCut,
                cutAround,
                random.nextLong(),
                List.of("advertised.listeners=PLAINTEXT://127.0.0.1:{proxy}", "group.initial.rebalance.delay.ms=0")));
        return cluster;
    }

    /** Three brokers of Apache's, whose topics have three replicas, so that leaders move. */
    static DisturbedCluster ofThree(int requestsPerCut, Set<Integer> cutAround, Random random) {
        DisturbedCluster cluster = new DisturbedCluster(true, true);
        int controllerPort = FreePort.find();
        for (int id = 1; id <= 3; id++) {
            int internalPort = FreePort.find();
            String listeners = "listeners=PLAINTEXT://127.0.0.1:{port},INTERNAL://127.0.0.1:" + internalPort;
            List<String> settings = new ArrayList<>(List.of(
                    "node.id=" + id,
                    "controller.quorum.bootstrap.servers=127.0.0.1:" + controllerPort,
                    "advertised.listeners=PLAINTEXT://127.0.0.1:{proxy},INTERNAL://127.0.0.1:" + internalPort,
                    "listener.security.protocol.map=PLAINTEXT:PLAINTEXT,INTERNAL:PLAINTEXT,CONTROLLER:PLAINTEXT",
                    "inter.broker.listener.name=INTERNAL",
                    "default.replication.factor=3",
                    "min.insync.replicas=2",
                    "offsets.topic.num.partitions=3",
                    "offsets.topic.replication.factor=3",
                    "broker.session.timeout.ms=3000",
                    "broker.heartbeat.interval.ms=300",
                    "leader.imbalance.check.interval.seconds=5",
                    "group.initial.rebalance.delay.ms=0"));
            if (id == 1) {
                settings.add(listeners + ",CONTROLLER://127.0.0.1:" + controllerPort);
            } else {
                settings.add(ApacheBroker.BROKER_ONLY);
                settings.add(listeners);
            }
            cluster.start(new Node(new ApacheBroker(), requestsPerCut, cutAround, random.nextLong(), settings));
        }
        return cluster;
    }

    private void start(Node node) {
        nodes.add(node);
        try {
            node.broker.start();
        } catch (AssertionError e) {
            close();
            throw e;
        }
    }

    /** Whether the brokers are Apache's. */
    boolean isApaches() {
        return isApaches;
    }

    /** Where clients begin. */
    String address() {
        return nodes.stream().map(each -> "127.0.0.1:" + each.proxy.port()).collect(Collectors.joining(","));
    }

    /** The brokers themselves. */
    String brokers() {
        return nodes.stream().map(each -> each.broker.bootstrap()).collect(Collectors.joining(","));
    }

    /** Stops or kills a broker, not the controller if there are others, and starts it again. */
    void restartOne(Random random, boolean isKill) {
        BrokerUnderTest broker = nodes.get(nodes.size() == 1 ? 0 : 1 + random.nextInt(nodes.size() - 1)).broker;
        if (isKill && canBeKilled) broker.kill();
        else broker.stop();
        broker.start();
    }

    /** How often connections were cut so far. */
    int cuts() {
        return nodes.stream()
                .flatMap(each -> each.proxy.cuts().values().stream())
                .mapToInt(Integer::intValue)
                .sum();
    }

    /** The end of what the brokers have printed. */
    String lastLines() {
        StringBuilder all = new StringBuilder();
        for (Node each : nodes) {
            List<String> lines = each.broker.log().lines().toList();
            all.append(String.join("\n", lines.subList(Math.max(0, lines.size() - SHOWN_LINES), lines.size())))
                    .append("\n----\n");
        }
        return all.toString();
    }

    @Override
    public void close() {
        for (Node each : nodes) {
            each.broker.close();
            each.proxy.close();
        }
    }
}
