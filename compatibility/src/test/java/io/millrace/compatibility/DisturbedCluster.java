package io.millrace.compatibility;

import io.millrace.compatibility.program.JavaClients;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.TopicPartitionInfo;

/**
 * One broker, or three, each behind a {@link CuttingProxy} that clients are told of; they are stopped, killed and started again at
 * will. Of three of Apache's the first is the controller too, of three of ours each may be.
 */
final class DisturbedCluster implements AutoCloseable {
    private static final int SHOWN_LINES = 60;
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    /** One of the brokers. */
    private interface Broker {
        /** Where it listens itself. */
        String address();

        /** Returns once it serves. */
        void start();

        void stop();

        void kill();

        /** What it has printed. */
        String output();

        void close();
    }

    /** A broker of a data directory of its own. */
    private record OfItsOwn(BrokerUnderTest broker) implements Broker {
        @Override
        public String address() {
            return broker.bootstrap();
        }

        @Override
        public void start() {
            broker.start();
        }

        @Override
        public void stop() {
            broker.stop();
        }

        @Override
        public void kill() {
            broker.kill();
        }

        @Override
        public String output() {
            return broker.log();
        }

        @Override
        public void close() {
            broker.close();
        }
    }

    /** A broker that is controller, too. */
    private record OneOfOurs(MillraceNode node) implements Broker {
        @Override
        public String address() {
            return node.address();
        }

        @Override
        public void start() {
            node.begin();
            node.awaitReady();
        }

        @Override
        public void stop() {
            node.stop();
        }

        @Override
        public void kill() {
            node.kill();
        }

        @Override
        public String output() {
            return node.output();
        }

        @Override
        public void close() {
            node.close();
        }
    }

    private record Node(Broker broker, CuttingProxy proxy) {}

    private final List<Node> nodes = new ArrayList<>();
    private final boolean canBeKilled;
    private final boolean isApaches;
    private int leaderMoves;

    private DisturbedCluster(boolean canBeKilled, boolean isApaches) {
        this.canBeKilled = canBeKilled;
        this.isApaches = isApaches;
    }

    /** One broker; ours is also killed. */
    static DisturbedCluster of(BrokerKind kind, int requestsPerCut, Set<Integer> cutAround, Random random) {
        DisturbedCluster cluster = new DisturbedCluster(kind instanceof MillraceBroker, kind instanceof ApacheBroker);
        cluster.start(
                kind,
                requestsPerCut,
                cutAround,
                random.nextLong(),
                List.of("advertised.listeners=PLAINTEXT://127.0.0.1:{proxy}", "group.initial.rebalance.delay.ms=0"));
        return cluster;
    }

    /** Three brokers of ours, whose topics have three replicas, so that leaders move. */
    static DisturbedCluster ofThreeOfOurs(Path directory, int requestsPerCut, Set<Integer> cutAround, Random random) {
        DisturbedCluster disturbed = new DisturbedCluster(true, false);
        List<ReplicatedCluster> made = new ArrayList<>();
        List<CuttingProxy> proxies = new ArrayList<>();
        for (int i = 1; i <= 3; i++) {
            int id = i;
            proxies.add(new CuttingProxy(
                    () -> made.getFirst().node(id).port(), random.nextLong(), requestsPerCut, cutAround));
        }
        made.add(new ReplicatedCluster(
                directory,
                3,
                proxies.stream().map(CuttingProxy::port).toList(),
                "min.insync.replicas=2",
                "offsets.topic.num.partitions=3",
                "offsets.topic.replication.factor=3",
                "leader.imbalance.check.interval.seconds=1"));
        for (int id = 1; id <= 3; id++)
            disturbed.nodes.add(new Node(new OneOfOurs(made.getFirst().node(id)), proxies.get(id - 1)));
        return disturbed;
    }

    /** Three brokers of Apache's, whose topics have three replicas, so that leaders move. */
    static DisturbedCluster ofThreeOfApaches(int requestsPerCut, Set<Integer> cutAround, Random random) {
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
            cluster.start(new ApacheBroker(), requestsPerCut, cutAround, random.nextLong(), settings);
        }
        return cluster;
    }

    private void start(BrokerKind kind, int requestsPerCut, Set<Integer> cutAround, long seed, List<String> settings) {
        List<CuttingProxy> proxies = new ArrayList<>(); // The broker is told of its proxy, which asks it for its port.
        BrokerUnderTest broker = BrokerUnderTest.with(
                kind, port -> settings(port, proxies.getFirst().port(), settings));
        proxies.add(new CuttingProxy(broker::port, seed, requestsPerCut, cutAround));
        nodes.add(new Node(new OfItsOwn(broker), proxies.getFirst()));
        try {
            broker.start();
        } catch (AssertionError e) {
            close();
            throw e;
        }
    }

    private static List<String> settings(int port, int proxy, List<String> settings) {
        List<String> all = new ArrayList<>();
        for (String each : settings)
            all.add(each.replace("{port}", String.valueOf(port)).replace("{proxy}", String.valueOf(proxy)));
        return all;
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
        return nodes.stream().map(each -> each.broker.address()).collect(Collectors.joining(","));
    }

    /**
     * Stops or kills a broker, not Apache's controller if there are others, and starts it again; others lead what it led by then, if
     * there are any.
     */
    void restartOne(Random random, boolean isKill) throws Exception {
        int first = nodes.size() > 1 && isApaches ? 1 : 0;
        int index = first + random.nextInt(nodes.size() - first);
        Broker broker = nodes.get(index).broker;
        if (nodes.size() == 1) {
            end(broker, isKill);
        } else {
            try (Admin admin = JavaClients.admin(brokers())) {
                int led = ledBy(admin, index + 1);
                end(broker, isKill);
                Await.until(
                        "others lead what broker " + (index + 1) + " led",
                        PATIENCE,
                        () -> ledBy(admin, index + 1) == 0,
                        this::lastLines);
                leaderMoves += led;
            }
        }
        broker.start();
    }

    private void end(Broker broker, boolean isKill) {
        if (isKill && canBeKilled) broker.kill();
        else broker.stop();
    }

    /** Of how many partitions a broker is the leader, or was the last one, if there is none. */
    private static int ledBy(Admin admin, int id) throws Exception {
        int count = 0;
        Set<String> names = admin.listTopics().names().get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
        for (TopicDescription each : admin.describeTopics(names)
                .allTopicNames()
                .get(PATIENCE.toSeconds(), TimeUnit.SECONDS)
                .values())
            for (TopicPartitionInfo partition : each.partitions())
                if (partition.leader() == null || partition.leader().id() == id) count++;
        return count;
    }

    /** How many partitions another broker leads since one was stopped or killed, counted each time. */
    int leaderMoves() {
        return leaderMoves;
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
            List<String> lines = each.broker.output().lines().toList();
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
