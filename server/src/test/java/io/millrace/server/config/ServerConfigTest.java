package io.millrace.server.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.server.storage.SpaceReserve;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ServerConfigTest {
    /** The settings, without its comments, of the file that Apache Kafka 4.4.0 delivers for a combined node. */
    private static final String STOCK = """
            process.roles=broker,controller
            node.id=1
            controller.quorum.bootstrap.servers=localhost:9093
            listeners=PLAINTEXT://:9092,CONTROLLER://:9093
            inter.broker.listener.name=PLAINTEXT
            advertised.listeners=PLAINTEXT://localhost:9092,CONTROLLER://localhost:9093
            controller.listener.names=CONTROLLER
            listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,SSL:SSL,SASL_PLAINTEXT:SASL_PLAINTEXT,SASL_SSL:SASL_SSL
            num.network.threads=3
            num.io.threads=8
            socket.send.buffer.bytes=102400
            socket.receive.buffer.bytes=102400
            socket.request.max.bytes=104857600
            log.dirs=/tmp/kraft-combined-logs
            num.partitions=1
            num.recovery.threads.per.data.dir=1
            offsets.topic.replication.factor=1
            share.coordinator.state.topic.replication.factor=1
            share.coordinator.state.topic.min.isr=1
            transaction.state.log.replication.factor=1
            transaction.state.log.min.isr=1
            #log.flush.interval.messages=10000
            log.retention.hours=168
            #log.retention.bytes=1073741824
            log.segment.bytes=1073741824
            log.retention.check.interval.ms=300000
            """;

    private static ServerConfig config(String... stated) {
        Map<String, String> properties = new LinkedHashMap<>();
        for (int i = 0; i < stated.length; i += 2) properties.put(stated[i], stated[i + 1]);
        return new ServerConfig(properties);
    }

    private static String refusal(String... stated) {
        return String.valueOf(
                assertThrows(BadConfig.class, () -> config(stated)).getMessage());
    }

    @Test
    void apachesStockFileIsAccepted() {
        ServerConfig config = new ServerConfig(PropertiesFile.parse(STOCK, "server.properties"));

        assertEquals(List.of(), config.unknownNames());
        assertEquals(1, config.nodeId());
        assertEquals(List.of(Path.of("/tmp/kraft-combined-logs")), config.logDirs());
        assertEquals(Path.of("/tmp/kraft-combined-logs"), config.metadataLogDir());
        assertEquals(List.of(new ListenerAddress("PLAINTEXT", "", 9092)), config.clientListeners());
        assertEquals(new ListenerAddress("PLAINTEXT", "localhost", 9092), config.advertised("PLAINTEXT"));
        assertTrue(config.isControllerListener("CONTROLLER"));
        assertFalse(config.isControllerListener("PLAINTEXT"));
        assertEquals("PLAINTEXT", config.interBrokerListener());
        assertEquals(168L * 3_600_000, config.effective().brokerLong("log.retention.hours") * 3_600_000);
        assertEquals(1, config.effective().brokerInt("num.partitions"));
    }

    @Test
    void whatWouldOpenADoorOrHideDataIfItWereLeftOutIsRefused() {
        assertEquals(
                "authorizer.class.name=org.example.Acls: this version enforces no ACLs, so whoever reaches the port may do"
                        + " everything; take the property out to start all the same",
                refusal("authorizer.class.name", "org.example.Acls"));
        assertTrue(
                refusal("create.topic.policy.class.name", "org.example.Policy").contains("runs no policies"));
        assertTrue(
                refusal("alter.config.policy.class.name", "org.example.Policy").contains("runs no policies"));
        assertTrue(refusal("remote.log.storage.system.enable", "true").contains("has no tiered storage"));
        assertEquals(
                List.of(),
                config("authorizer.class.name", "", "remote.log.storage.system.enable", "false")
                        .withoutEffect());
    }

    @Test
    void whatHasNoEffectIsSaid() {
        for (String name : List.of("num.replica.fetchers", "replica.socket.receive.buffer.bytes"))
            assertTrue(config(name, "4096").withoutEffect().get(0).startsWith(name + "=4096 has no effect: "));
        assertEquals(
                List.of(
                        "client.quota.callback.class=org.example.Quotas has no effect: this version has no quotas",
                        "metric.reporters=org.example.Reporter has no effect: reporters are not loaded; metrics are served"
                                + " at millrace.metrics.address"),
                config("metric.reporters", "org.example.Reporter", "client.quota.callback.class", "org.example.Quotas")
                        .withoutEffect());
        assertEquals(
                List.of(),
                config("metric.reporters", "org.apache.kafka.common.metrics.JmxReporter")
                        .withoutEffect());
    }

    @Test
    void ofKafkasReplicaSelectorsBothAreKnownByNameAndNoOther() {
        String rackAware = "org.apache.kafka.common.replica.RackAwareReplicaSelector";
        String leader = "org.apache.kafka.common.replica.LeaderSelector";
        assertTrue(config("replica.selector.class", rackAware).sendsToNearestReplica());
        assertEquals(List.of(), config("replica.selector.class", rackAware).withoutEffect());
        assertFalse(config("replica.selector.class", leader).sendsToNearestReplica());
        assertEquals(List.of(), config("replica.selector.class", leader).withoutEffect());
        assertFalse(config("node.id", "1").sendsToNearestReplica());
        assertEquals(
                List.of("replica.selector.class=org.example.Near has no effect, consumers read at leaders: known are "
                        + rackAware + " and " + leader),
                config("replica.selector.class", "org.example.Near").withoutEffect());
    }

    @Test
    void apachesOlderStockFileWithStaticVotersIsAccepted() {
        String older = STOCK.replace(
                "controller.quorum.bootstrap.servers=localhost:9093", "controller.quorum.voters=1@localhost:9093");
        ServerConfig config = new ServerConfig(PropertiesFile.parse(older, "server.properties"));
        assertEquals(1, config.nodeId());
    }

    @Test
    void withoutAnyPropertyANodeListensOnLoopback() {
        ServerConfig config = config();
        assertEquals(List.of(new ListenerAddress("PLAINTEXT", "127.0.0.1", 9092)), config.clientListeners());
        assertNull(config.advertised("PLAINTEXT"));
        assertEquals(1, config.logDirs().size());
        assertTrue(config.logDirs().get(0).isAbsolute());
    }

    @Test
    void anUnknownNameIsReportedWithTheNearestKnownOne() {
        ServerConfig config = config("log.retention.hourz", "3");
        assertEquals(1, config.unknownNames().size());
        assertTrue(config.unknownNames().get(0).contains("log.retention.hours"), config.unknownNames()::toString);
    }

    @Test
    void ourOwnPropertiesAreKnownAndReadTrimmed() {
        ServerConfig config = config(ServerConfig.LANES, " 2 ", ServerConfig.METRICS_ADDRESS, "");
        assertEquals(List.of(), config.unknownNames());
        assertEquals("2", config.own(ServerConfig.LANES));
        assertNull(config.own(ServerConfig.METRICS_ADDRESS));
        assertEquals(
                new SpaceReserve(5_000, 3),
                config(ServerConfig.RESERVE_BYTES, " 5000 ", ServerConfig.RESERVE_PERCENT, "3")
                        .spaceReserve());
        assertEquals(SpaceReserve.DEFAULT, config.spaceReserve());
        assertTrue(refusal(ServerConfig.RESERVE_PERCENT, "51").contains(ServerConfig.RESERVE_PERCENT));
        assertTrue(refusal(ServerConfig.RESERVE_BYTES, "1 GB").contains(ServerConfig.RESERVE_BYTES));
    }

    @Test
    void onlyWhoKnowsTheNumberOfReplicasGrowsTheOffsetsTopic() {
        assertTrue(config().fitsOffsetsTopic());
        assertFalse(config().growsOffsetsTopic(), "it is alone");
        String[] among = {
            "node.id", "1",
            "controller.quorum.voters", "1@localhost:9093,2@localhost:9094",
            "controller.listener.names", "CONTROLLER",
            "listeners", "PLAINTEXT://localhost:9092,CONTROLLER://localhost:9093"
        };
        assertTrue(config(among).growsOffsetsTopic());
        assertFalse(config(with(among, ServerConfig.GROW_OFFSETS, "false")).growsOffsetsTopic());
        assertFalse(config(with(among, ServerConfig.GROW_OFFSETS, "false")).fitsOffsetsTopic());
        assertTrue(refusal(with(among, ServerConfig.GROW_OFFSETS, "yes")).contains(ServerConfig.GROW_OFFSETS));
        String[] controller =
                with(with(among, "process.roles", "controller"), "listeners", "CONTROLLER://localhost:9093");
        assertFalse(config(controller).growsOffsetsTopic(), "nobody has said how many");
        assertTrue(config(with(controller, "offsets.topic.replication.factor", "3"))
                .growsOffsetsTopic());
    }

    @Test
    void aValueOfTheWrongTypeNamesItsProperty() {
        assertTrue(refusal("num.partitions", "many").contains("num.partitions"));
        assertTrue(refusal("log.retention.check.interval.ms", "0").contains("log.retention.check.interval.ms"));
    }

    @Test
    void aNodeIdThatIsNotANumberIsRefusedWhenTheConfigurationIsMade() {
        assertTrue(refusal("node.id", "one").contains("node.id"));
        assertTrue(refusal("node.id", "-1").contains("node.id"));
    }

    @Test
    void rolesThatThisVersionCannotPlayAreRefused() {
        assertTrue(refusal("process.roles", "broker").contains("process.roles"));
        assertTrue(refusal("process.roles", "broker,observer").contains("observer"));
    }

    @Test
    void aListenerThatAsksForEncryptionIsRefusedRatherThanServedInTheClear() {
        assertTrue(refusal("listeners", "SSL://:9092").contains("SSL"));
        assertTrue(refusal(
                        "listeners", "SECURE://:9092",
                        "listener.security.protocol.map", "SECURE:SASL_SSL")
                .contains("SASL_SSL"));
    }

    @Test
    void aListenerOfAnotherNameMayBeMappedToPlaintext() {
        ServerConfig config = config(
                "listeners", "inside://127.0.0.1:0,OUTSIDE://127.0.0.1:0",
                "listener.security.protocol.map", "inside:plaintext, OUTSIDE:PLAINTEXT",
                "inter.broker.listener.name", "inside");
        assertEquals(2, config.clientListeners().size());
        assertEquals("INSIDE", config.interBrokerListener());
    }

    @Test
    void twoListenersOfOneNameAreRefused() {
        assertTrue(refusal("listeners", "PLAINTEXT://:9092,PLAINTEXT://:9093").contains("PLAINTEXT"));
    }

    @Test
    void aNodeWithoutAListenerForClientsIsRefused() {
        assertTrue(refusal("listeners", "CONTROLLER://:9093", "controller.listener.names", "CONTROLLER")
                .contains("listeners"));
    }

    @Test
    void aNodeThatIsToBeItsWholeQuorumHasToBeItsVoter() {
        assertTrue(refusal("node.id", "1", "controller.quorum.voters", "2@b:1").contains("voter 2"));
        assertTrue(config("node.id", "1", "controller.quorum.voters", "1@b:1").isLone());
    }

    @Test
    void aBrokerWithAControllerOfItsOwnMayBeOneOfSeveralVoters() {
        String[] right = {
            "node.id", "2",
            "listeners", "PLAINTEXT://127.0.0.1:9092,CONTROLLER://127.0.0.1:9093",
            "controller.listener.names", "CONTROLLER",
            "controller.quorum.voters", "1@a:1,2@b:1,3@c:1",
            "controller.quorum.fetch.timeout.ms", "700"
        };
        ServerConfig config = config(right);
        assertTrue(config.isController() && config.isBroker() && !config.isLone());
        assertEquals(700, config.quorumTimeouts().fetchTimeoutMs());
        assertTrue(refusal(with(right, "node.id", "4")).contains("node.id 4"));
        assertTrue(refusal(with(right, "listeners", "PLAINTEXT://:9092")).contains("CONTROLLER"));
        assertFalse(config(
                        "controller.quorum.bootstrap.servers",
                        "a:1,b:1",
                        "listeners",
                        "PLAINTEXT://:1,CONTROLLER://:2",
                        "controller.listener.names",
                        "CONTROLLER")
                .isLone());
        assertTrue(config("controller.quorum.bootstrap.servers", "a:1").isLone());
    }

    @Test
    void aBrokerAloneHasToBeToldWhereControllersAre() {
        String[] right = {
            "process.roles", "broker",
            "node.id", "2",
            "controller.listener.names", "CONTROLLER",
            "controller.quorum.bootstrap.servers", "a:9093, [::1]:9094"
        };
        ServerConfig config = config(right);
        assertTrue(config.isBroker() && !config.isController() && !config.isLone());
        assertEquals(2, config.bootstrapServers().size());
        assertEquals("::1", config.bootstrapServers().getLast().host());

        assertTrue(refusal(with(right, "controller.listener.names", "")).contains("controller.listener.names"));
        assertTrue(
                refusal(with(right, "controller.quorum.bootstrap.servers", "")).contains("bootstrap.servers"));
        assertTrue(refusal(with(right, "controller.quorum.bootstrap.servers", "a"))
                .contains("controller.quorum.bootstrap.servers"));
        assertTrue(refusal(with(right, "controller.quorum.voters", "2@a:1")).contains("does not vote"));
        assertTrue(refusal(with(right, "listeners", "CONTROLLER://:9093,PLAINTEXT://:9092"))
                .contains("no controller"));
        assertTrue(refusal(with(right, "listener.security.protocol.map", "CONTROLLER:SSL,PLAINTEXT:PLAINTEXT"))
                .contains("SSL"));
        assertTrue(refusal(with(right, "broker.heartbeat.interval.ms", "9000")).contains("between two heartbeats"));
    }

    @Test
    void aControllerAloneMayBeOneOfSeveralVotersAndServesNoClients() {
        String[] right = {
            "process.roles", "controller",
            "node.id", "2",
            "listeners", "CONTROLLER://127.0.0.1:9093",
            "controller.listener.names", "CONTROLLER",
            "controller.quorum.voters", "1@a:1,2@b:1,3@c:1",
            "controller.quorum.fetch.timeout.ms", "700"
        };
        ServerConfig config = config(right);
        assertTrue(config.isController() && !config.isBroker());
        assertEquals(700, config.quorumTimeouts().fetchTimeoutMs());

        assertTrue(refusal(with(right, "node.id", "4")).contains("node.id 4"));
        assertTrue(refusal(with(right, "listeners", "CONTROLLER://:9093,PLAINTEXT://:9092"))
                .contains("PLAINTEXT"));
        assertTrue(refusal(with(right, "controller.quorum.election.timeout.ms", "0"))
                .contains("election.timeout"));
        assertTrue(refusal(with(right, "controller.quorum.request.timeout.ms", "0"))
                .contains("request.timeout"));
        config(with(right, "controller.quorum.auto.join.enable", "true"));
        assertTrue(refusal("controller.quorum.auto.join.enable", "true", "process.roles", "broker")
                .contains("auto.join"));
        String[] both = {
            "listeners",
            "CONTROLLER://127.0.0.1:9093,PLAINTEXT://127.0.0.1:9092",
            "controller.listener.names",
            "CONTROLLER",
            "controller.quorum.bootstrap.servers",
            "127.0.0.1:9093"
        };
        assertTrue(config(both).isLone());
        assertFalse(
                config(with(both, "controller.quorum.auto.join.enable", "true")).isLone());
        assertTrue(refusal("process.roles", "controller").contains("listeners"));
    }

    private static String[] with(String[] stated, String name, String value) {
        String[] more = java.util.Arrays.copyOf(stated, stated.length + 2);
        more[stated.length] = name;
        more[stated.length + 1] = value;
        return more;
    }

    @Test
    void logDirectoriesComeBeforeLogDirectory() {
        ServerConfig both = config("log.dir", "/one", "log.dirs", "/two, /three");
        assertEquals(List.of(Path.of("/two"), Path.of("/three")), both.logDirs());
        assertEquals(List.of(Path.of("/one")), config("log.dir", "/one").logDirs());
    }

    @Test
    void whatWasWrittenIsKept() {
        assertNotNull(config("log.dir", "/one").stated().get("log.dir"));
    }
}
