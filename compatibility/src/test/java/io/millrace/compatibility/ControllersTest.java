package io.millrace.compatibility;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.AlterConfigsOptions;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.QuorumInfo;
import org.apache.kafka.clients.admin.RaftVoterEndpoint;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.config.ConfigResource;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Controllers as processes of their own, Millrace's alone and among Apache's, looked at by the official admin client. */
@Tag("long")
class ControllersTest {
    private static final Duration PATIENCE = Duration.ofSeconds(90);
    /** An election timeout, in ms, of which even the first part, drawn at a start, is longer than any test. */
    private static final int NEVER_MS = 1_000_000_000;

    /**
     * After so long, in ms, what may be done twice is tried by a new client: one that was told that nobody leads asks no more who
     * does, and waits until its time is up.
     */
    private static final int AGAIN_SOON_MS = 5_000;
    /** So long, in ms, a change may take that is an error the second time. */
    private static final int PATIENT_MS = 20_000;

    private static final ConfigResource DEFAULTS = new ConfigResource(ConfigResource.Type.BROKER, "");

    @TempDir
    Path directory;

    private final List<ControllerProcess> controllers = new ArrayList<>();

    @AfterEach
    void end() {
        for (ControllerProcess controller : controllers) controller.close();
    }

    private String allOutput() {
        return controllers.stream().map(ControllerProcess::output).collect(Collectors.joining("\n"));
    }

    /** Controllers 1 to 3, formatted, of which the last so many are Apache's; voters for good, or such as could change. */
    private void format(int apaches, boolean isDynamic) {
        List<Integer> ports = List.of(FreePort.find(), FreePort.find(), FreePort.find());
        List<String> options = new ArrayList<>();
        if (isDynamic) {
            List<String> initial = new ArrayList<>();
            for (int id = 1; id <= 3; id++)
                initial.add(id + "@127.0.0.1:" + ports.get(id - 1) + ":" + Uuid.randomUuid());
            options.addAll(List.of("--initial-controllers", String.join(",", initial)));
        }
        for (int id = 1; id <= 3; id++)
            controllers.add(new ControllerProcess(
                    id,
                    ports.get(id - 1),
                    id > 3 - apaches,
                    directory.resolve("controller-" + id),
                    quorum(ports, isDynamic),
                    options));
        for (ControllerProcess controller : controllers) controller.format();
    }

    /** The property by which a node finds the quorum. */
    private static String quorum(List<Integer> ports, boolean isDynamic) {
        List<String> entries = new ArrayList<>();
        for (int id = 1; id <= 3; id++) entries.add((isDynamic ? "" : id + "@") + "127.0.0.1:" + ports.get(id - 1));
        return (isDynamic ? "controller.quorum.bootstrap.servers=" : "controller.quorum.voters=")
                + String.join(",", entries);
    }

    private static String[] timeouts(int electionMs, int fetchMs) {
        return new String[] {
            "controller.quorum.election.timeout.ms=" + electionMs, "controller.quorum.fetch.timeout.ms=" + fetchMs
        };
    }

    /** A client of the controllers that run, which gives a call up after so many ms. */
    private Admin admin(int timeoutMs) {
        String running = controllers.stream()
                .filter(ControllerProcess::isRunning)
                .map(controller -> "127.0.0.1:" + controller.port())
                .collect(Collectors.joining(","));
        return Admin.create(Map.of(
                "bootstrap.controllers", running, "default.api.timeout.ms", timeoutMs, "request.timeout.ms", 3_000));
    }

    /** What an answer of the cluster has to be, asked of a new client each time until it is. */
    private interface Question<T> {
        T ask(Admin admin) throws ExecutionException, InterruptedException, java.util.concurrent.TimeoutException;
    }

    private <T> T answered(String what, int timeoutMs, Question<T> question, java.util.function.Predicate<T> isWanted) {
        List<T> last = new ArrayList<>();
        List<Exception> failures = new ArrayList<>();
        Await.until(
                what,
                PATIENCE,
                () -> {
                    try (Admin admin = admin(timeoutMs)) {
                        last.add(question.ask(admin));
                        return isWanted.test(last.getLast());
                    } catch (ExecutionException | java.util.concurrent.TimeoutException notNow) {
                        failures.add(notNow);
                        return false;
                    } catch (InterruptedException e) {
                        Thread.currentThread().interrupt();
                        throw new AssertionError(e);
                    }
                },
                () -> (last.isEmpty() ? "no answer" : "last: " + last.getLast())
                        + (failures.isEmpty() ? "" : ", failed with " + failures.getLast()) + "\n" + allOutput());
        return last.getLast();
    }

    private QuorumInfo quorum(java.util.function.Predicate<QuorumInfo> isWanted) {
        return answered(
                "the quorum is as wanted",
                AGAIN_SOON_MS,
                admin -> admin.describeMetadataQuorum().quorumInfo().get(25, TimeUnit.SECONDS),
                isWanted);
    }

    private static boolean allHaveCaughtUp(QuorumInfo quorum) {
        return quorum.voters().size() == 3
                && quorum.voters().stream().allMatch(voter -> voter.logEndOffset() >= quorum.highWatermark());
    }

    private void alter(String value) {
        var op = new AlterConfigOp(new ConfigEntry("log.retention.ms", value), AlterConfigOp.OpType.SET);
        Map<ConfigResource, Collection<AlterConfigOp>> change = Map.of(DEFAULTS, List.of(op));
        answered(
                "log.retention.ms is set to " + value,
                AGAIN_SOON_MS,
                admin -> {
                    admin.incrementalAlterConfigs(change).all().get(25, TimeUnit.SECONDS);
                    return true;
                },
                done -> done);
    }

    private ControllerProcess controller(int id) {
        return controllers.get(id - 1);
    }

    @Test
    void threeOfMillracesElectCommitAndOutliveAKilledLeader() {
        format(0, false);
        for (ControllerProcess controller : controllers) controller.begin();
        QuorumInfo first = quorum(ControllersTest::allHaveCaughtUp);
        alter("1000001");
        controller(first.leaderId()).kill();
        alter("1000002");
        QuorumInfo second = quorum(quorum -> quorum.leaderId() != first.leaderId());
        assertTrue(second.leaderEpoch() > first.leaderEpoch(), () -> first + ", then " + second);
        controller(first.leaderId()).begin();
        alter("1000003");
        QuorumInfo third = quorum(ControllersTest::allHaveCaughtUp);
        assertTrue(third.highWatermark() > first.highWatermark(), third::toString);
    }

    @Test
    @Tag("campaign")
    void aVoterThatLostItsDiskIsAnotherOneWhichHasToJoin() {
        format(0, true);
        for (ControllerProcess controller : controllers) controller.begin(timeouts(500, 1_500));
        QuorumInfo first = quorum(ControllersTest::allHaveCaughtUp);
        alter("1000001");
        int victim = first.leaderId();
        int other = victim % 3 + 1;
        Uuid lost = controller(victim).directoryId();
        controller(victim).kill();
        controller(victim).replaceDisk("--no-initial-controllers");
        controller(victim).begin(timeouts(500, 1_500));
        Uuid found = controller(victim).directoryId();
        quorum(seen -> seen.observers().stream()
                .anyMatch(it -> it.replicaId() == victim
                        && it.replicaDirectoryId().equals(found)
                        && it.logEndOffset() >= seen.highWatermark()));

        // Of three voters one runs: what the new one has does not count, and nobody leads.
        controller(other).kill();
        assertThrows(ExecutionException.class, () -> {
            try (Admin admin = admin(PATIENT_MS)) {
                var op = new AlterConfigOp(new ConfigEntry("log.retention.ms", "1000002"), AlterConfigOp.OpType.SET);
                admin.incrementalAlterConfigs(Map.of(DEFAULTS, List.of(op)), new AlterConfigsOptions().timeoutMs(6_000))
                        .all()
                        .get(25, TimeUnit.SECONDS);
            }
        });
        controller(other).begin(timeouts(500, 1_500));
        alter("1000003");

        controller(victim).kill();
        List<String> joins = new ArrayList<>(List.of(timeouts(500, 1_500)));
        joins.add("controller.quorum.auto.join.enable=true");
        controller(victim).begin(joins.toArray(String[]::new));
        quorum(seen -> allHaveCaughtUp(seen)
                && seen.voters().stream().anyMatch(it -> it.replicaDirectoryId().equals(found))
                && seen.voters().stream()
                        .noneMatch(it -> it.replicaDirectoryId().equals(lost)));
        controller(other).kill();
        alter("1000004");
    }

    @Test
    void oneOfMillracesVotesFollowsAndLeadsAmongApaches() throws Exception {
        oneOfMillracesAmongApaches(true);
    }

    @Test
    @Tag("campaign")
    void soItDoesWhereTheVotersAreStatic() throws Exception {
        oneOfMillracesAmongApaches(false);
    }

    private void oneOfMillracesAmongApaches(boolean isDynamic) throws Exception {
        format(2, isDynamic);
        // Patient as it is, it does not stand: controller 2 can only lead by its vote.
        controller(1).begin(timeouts(NEVER_MS, 30_000));
        controller(2).begin();
        QuorumInfo votedFor = quorum(quorum -> quorum.leaderId() > 0);
        assertEquals(2, votedFor.leaderId(), this::allOutput);
        controller(3).begin();
        alter("1000001");
        quorum(ControllersTest::allHaveCaughtUp);

        controller(1).kill();
        controller(1).begin();
        int last = quorum(ControllersTest::allHaveCaughtUp).leaderId();
        int other = last == 2 ? 3 : 2;
        // What is committed without the other, Millrace's holds and the other lacks: of the two only Millrace's can
        // lead.
        controller(other).kill();
        alter("1000002");
        controller(last).kill();
        controller(other).begin(timeouts(2_000, 6_000));
        quorum(quorum -> quorum.leaderId() == 1);
        controller(last).begin(timeouts(2_000, 6_000));
        QuorumInfo led = quorum(ControllersTest::allHaveCaughtUp);
        assertEquals(1, led.leaderId(), this::allOutput);
        alter("2000009");
        anApacheBrokerServesTopicsUnderIt(isDynamic);

        controller(1).kill();
        QuorumInfo ledByApache = quorum(quorum -> quorum.leaderId() > 1);
        alter("3000001");
        controller(1).begin();
        QuorumInfo followed = quorum(ControllersTest::allHaveCaughtUp);
        assertTrue(followed.leaderEpoch() >= ledByApache.leaderEpoch(), followed::toString);
        assertTrue(followed.highWatermark() > led.highWatermark(), followed::toString);
    }

    @Test
    void votersAreAddedAndRemovedAmongBothKinds() throws Exception {
        int ours = FreePort.find();
        int apaches = FreePort.find();
        String quorum = "controller.quorum.bootstrap.servers=127.0.0.1:" + ours + ",127.0.0.1:" + apaches;
        controllers.add(new ControllerProcess(
                1, ours, false, directory.resolve("controller-1"), quorum, List.of("--standalone")));
        controllers.add(new ControllerProcess(
                2, apaches, true, directory.resolve("controller-2"), quorum, List.of("--no-initial-controllers")));
        for (ControllerProcess controller : controllers) controller.format();
        for (ControllerProcess controller : controllers) controller.begin(timeouts(500, 1_000));
        quorum(seen -> seen.observers().stream()
                .anyMatch(it -> it.replicaId() == 2 && it.logEndOffset() >= seen.highWatermark()));

        // Apache's admin client adds Apache's controller to ours, then removes ours, which leads.
        Uuid second = controller(2).directoryId();
        var at = Set.of(new RaftVoterEndpoint("CONTROLLER", "127.0.0.1", apaches));
        done("2 votes", admin -> admin.addRaftVoter(2, second, at).all().get(25, TimeUnit.SECONDS));
        quorum(seen -> seen.leaderId() == 1 && voterIds(seen).equals(List.of(1, 2)));
        Uuid first = controller(1).directoryId();
        done("1 votes no more", admin -> admin.removeRaftVoter(1, first).all().get(25, TimeUnit.SECONDS));
        quorum(seen -> seen.leaderId() == 2
                && voterIds(seen).equals(List.of(2))
                && seen.observers().stream()
                        .anyMatch(it -> it.replicaId() == 1
                                && it.replicaDirectoryId().equals(first)
                                && it.logEndOffset() >= seen.highWatermark()));

        // Our command adds ours to Apache's.
        String apache = "127.0.0.1:" + apaches;
        millrace("quorum", "add", "1@127.0.0.1:" + ours + ":" + first, "--bootstrap-controller", apache);
        alter("1000001");
        String described = String.join("\n", millrace("quorum", "describe", "--bootstrap-controller", apache));
        assertTrue(Pattern.compile("(?m)^ *2 +leader ").matcher(described).find(), described);
        assertTrue(Pattern.compile("(?m)^ *1 +voter ").matcher(described).find(), described);
    }

    private static List<Integer> voterIds(QuorumInfo quorum) {
        return quorum.voters().stream()
                .map(QuorumInfo.ReplicaState::replicaId)
                .sorted()
                .toList();
    }

    private void done(String what, Question<Void> change) {
        answered(
                what,
                PATIENT_MS,
                admin -> {
                    change.ask(admin);
                    return true;
                },
                done -> done);
    }

    private List<String> millrace(String... arguments) {
        List<String> command = new ArrayList<>(List.of(MillraceBroker.PROGRAM));
        command.addAll(List.of(arguments));
        return ChildProcess.run(String.join(" ", arguments), directory, Map.of(), PATIENCE, command);
    }

    private void anApacheBrokerServesTopicsUnderIt(boolean isDynamic) throws Exception {
        int port = FreePort.find();
        Path home = Files.createDirectories(directory.resolve("broker"));
        Path properties = home.resolve("server.properties");
        Files.write(
                properties,
                List.of(
                        "process.roles=broker",
                        "node.id=10",
                        quorum(controllers.stream().map(ControllerProcess::port).toList(), isDynamic),
                        "controller.listener.names=CONTROLLER",
                        "listeners=PLAINTEXT://127.0.0.1:" + port,
                        "log.dirs=" + home.resolve("log"),
                        "offsets.topic.replication.factor=1"));
        ChildProcess.run(
                "formatting the broker",
                home,
                Map.of(),
                PATIENCE,
                ControllerProcess.apache(
                        "256m",
                        "kafka.tools.StorageTool",
                        "format",
                        "-t",
                        ControllerProcess.CLUSTER,
                        "-c",
                        properties.toString()));
        try (ChildProcess broker = ChildProcess.start(
                "the broker", home, Map.of(), ControllerProcess.apache("512m", "kafka.Kafka", properties.toString()))) {
            broker.awaitLine("that it is ready", PATIENCE, line -> line.contains("Kafka Server started"));
            Map<String, Object> to = Map.of("bootstrap.servers", "127.0.0.1:" + port);
            try (Admin admin = Admin.create(to)) {
                admin.createTopics(List.of(new NewTopic("t", 3, (short) 1)))
                        .all()
                        .get(60, TimeUnit.SECONDS);
                QuorumInfo seen = admin.describeMetadataQuorum().quorumInfo().get(60, TimeUnit.SECONDS);
                assertEquals(1, seen.leaderId());
                assertEquals(
                        List.of(10),
                        seen.observers().stream()
                                .map(QuorumInfo.ReplicaState::replicaId)
                                .toList(),
                        seen::toString);
            } catch (ExecutionException failed) {
                throw new AssertionError(allOutput() + "\n" + broker.output(), failed);
            }
            Properties client = new Properties();
            client.putAll(to);
            client.put("key.serializer", "org.apache.kafka.common.serialization.StringSerializer");
            client.put("value.serializer", "org.apache.kafka.common.serialization.StringSerializer");
            client.put("key.deserializer", "org.apache.kafka.common.serialization.StringDeserializer");
            client.put("value.deserializer", "org.apache.kafka.common.serialization.StringDeserializer");
            client.put("auto.offset.reset", "earliest");
            try (var producer = new KafkaProducer<String, String>(client)) {
                producer.send(new ProducerRecord<>("t", 0, "k", "v")).get(60, TimeUnit.SECONDS);
            }
            try (var consumer = new KafkaConsumer<String, String>(client)) {
                consumer.assign(List.of(new TopicPartition("t", 0)));
                List<String> values = new ArrayList<>();
                Await.until("the record is read", PATIENCE, () -> {
                    consumer.poll(Duration.ofMillis(200)).forEach(record -> values.add(record.value()));
                    return !values.isEmpty();
                });
                assertEquals(List.of("v"), values);
            }
        }
    }
}
