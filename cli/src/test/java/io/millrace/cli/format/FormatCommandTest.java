package io.millrace.cli.format;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.host.HostDisk;
import io.millrace.protocol.MetadataRecordFrame;
import io.millrace.protocol.Uuid;
import io.millrace.protocol.messages.FeatureLevelRecord;
import io.millrace.raft.ReplicaKey;
import io.millrace.raft.run.SnapshotFiles;
import io.millrace.raft.run.SnapshotReader;
import io.millrace.storage.MetaProperties;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

class FormatCommandTest {
    private static final String CLUSTER = "4L6g3nShT-eMCtK--X86sw";

    @TempDir
    private Path temp;

    private String out = "";
    private String err = "";

    @Test
    void aStandaloneNodeIsTheOnlyVoterByTheIdOfItsDirectory() throws IOException {
        Path data = temp.resolve("data");

        assertEquals(0, run("--data", data.toString(), "--cluster-id", CLUSTER, "--standalone"), () -> err);

        MetaProperties properties = MetaProperties.read(new HostDisk(), data).orElseThrow();
        assertEquals(CLUSTER, properties.clusterId());
        assertEquals(1, properties.nodeId());
        SnapshotReader.Snapshot snapshot = snapshot(data);
        assertEquals(1, snapshot.kraftVersion());
        assertTrue(snapshot.voters().orElseThrow().isOnlyVoter(new ReplicaKey(1, properties.directoryId())));
        assertTrue(out.contains("dynamic metadata voter directory"), out);
    }

    @Test
    void theFeatureLevelsAreThoseOfKafka() throws IOException {
        Path data = temp.resolve("data");

        assertEquals(0, run("--data", data.toString(), "--standalone"), () -> err);
        assertEquals(
                Map.of(
                        "metadata.version", 33,
                        "eligible.leader.replicas.version", 1,
                        "group.version", 1,
                        "share.version", 2,
                        "streams.version", 1,
                        "transaction.version", 2),
                features(data));
    }

    @Test
    void anOlderReleaseAndSingleFeaturesCanBeAskedFor() throws IOException {
        Path data = temp.resolve("data");

        assertEquals(
                0,
                run("--data", data.toString(), "-s", "--release-version", "3.7-IV4", "--feature", "group.version=1"),
                () -> err);
        assertEquals(Map.of("metadata.version", 19, "group.version", 1), features(data));
    }

    @Test
    void aStaticQuorumSaysNothingOfVotersInTheSnapshot() throws IOException {
        Path data = temp.resolve("data");
        Path config = temp.resolve("server.properties");
        Files.writeString(
                config,
                "process.roles=broker,controller\nnode.id=7\ncontroller.quorum.voters=7@localhost:9093\n"
                        + "listeners=PLAINTEXT://localhost:9092,CONTROLLER://localhost:9093\n"
                        + "controller.listener.names=CONTROLLER\nlog.dirs=" + data + "," + temp.resolve("more") + "\n");

        assertEquals(0, run("--config", config.toString(), "-t", CLUSTER), () -> err);

        assertEquals(Optional.empty(), snapshot(data).voters());
        assertEquals(0, snapshot(data).kraftVersion());
        assertFalse(Files.exists(temp.resolve("more/__cluster_metadata-0")));
        MetaProperties first = MetaProperties.read(new HostDisk(), data).orElseThrow();
        MetaProperties second =
                MetaProperties.read(new HostDisk(), temp.resolve("more")).orElseThrow();
        assertEquals(7, second.nodeId());
        assertFalse(first.directoryId().equals(second.directoryId()));
    }

    @Test
    void aBrokersDirectoryHasNoPartInTheQuorum() throws IOException {
        Path data = temp.resolve("data");
        Path config = temp.resolve("server.properties");
        Files.writeString(
                config,
                "process.roles=broker\nnode.id=7\ncontroller.quorum.bootstrap.servers=localhost:9093\n"
                        + "controller.listener.names=CONTROLLER\nlog.dirs=" + data + "\n");

        assertEquals(0, run("--config", config.toString(), "-t", CLUSTER), () -> err);

        assertFalse(Files.exists(data.resolve("__cluster_metadata-0")));
        assertEquals(7, MetaProperties.read(new HostDisk(), data).orElseThrow().nodeId());
        assertEquals(1, run("--config", config.toString(), "-t", CLUSTER, "-s", "-g"));
        assertTrue(err.contains("controller role"), err);
    }

    @Test
    void anInitialControllersDirectoryGetsTheIdItIsListedUnder() throws IOException {
        Path data = temp.resolve("data");
        String controllers = "1@localhost:9093:JEXY6aqzQY-32P5TStzaFg,2@other:9093:MvDxzVmcRsaTz33bUuRU6A";

        assertEquals(0, run("--data", data.toString(), "--initial-controllers", controllers), () -> err);

        assertEquals(
                Uuid.parse("JEXY6aqzQY-32P5TStzaFg"),
                MetaProperties.read(new HostDisk(), data).orElseThrow().directoryId());
        assertEquals(List.of(1, 2), snapshot(data).voters().orElseThrow().ids());
    }

    @Test
    void aFormattedDirectoryIsLeftAsItIs() throws IOException {
        Path data = temp.resolve("data");
        run("--data", data.toString(), "-t", CLUSTER, "-s");
        Map<Path, String> before = content(data);

        assertEquals(1, run("--data", data.toString(), "-t", CLUSTER, "-s"));
        assertTrue(err.contains("already formatted"), err);
        assertEquals(1, run("--data", data.toString(), "-t", "another", "-s", "-g"));
        assertTrue(err.contains(CLUSTER) && err.contains("another"), err);
        assertEquals(1, run("--data", data.toString(), "-t", CLUSTER, "-s", "-g", "--set", "node.id=2"));
        assertTrue(err.contains("node 1"), err);
        assertEquals(0, run("--data", data.toString(), "-s", "-g"), () -> err);

        assertEquals(before, content(data));
    }

    @Test
    void oneForeignDirectoryAmongSeveralKeepsAllOfThemUntouched() throws IOException {
        Path empty = temp.resolve("empty");
        Path foreign = temp.resolve("foreign");
        Files.createDirectories(foreign.resolve("orders-0"));
        Files.writeString(foreign.resolve("orders-0/00000000000000000000.log"), "somebody's");

        assertEquals(1, run("--set", "log.dirs=" + empty + "," + foreign, "-s"));

        assertTrue(err.contains("orders-0") && err.contains(foreign.toString()), err);
        assertFalse(Files.exists(empty));
        assertFalse(Files.exists(foreign.resolve("meta.properties")));
    }

    @Test
    void whatCannotBeFormattedIsSaidInOneSentence() throws IOException {
        Path data = temp.resolve("data");
        Files.writeString(temp.resolve("file"), "");

        assertOneSentence(run("--data", data.toString()), "--standalone");
        assertOneSentence(run("--data", data.toString(), "-s", "-f", "kraft.version=0"), "kraft.version");
        assertOneSentence(run("--data", data.toString(), "-s", "-f", "no.such=1"), "no.such");
        assertOneSentence(run("--data", data.toString(), "-s", "-r", "9.9"), "9.9");
        assertOneSentence(run("--data", temp.resolve("file").toString(), "-s"), "file");
        assertOneSentence(run("--config", temp.resolve("none").toString()), "none");
        assertFalse(Files.exists(data));
    }

    private void assertOneSentence(int exitCode, String named) {
        assertEquals(1, exitCode);
        assertEquals(1, err.lines().count(), err);
        assertTrue(err.contains(named), err);
    }

    private int run(String... arguments) {
        StringWriter outText = new StringWriter();
        StringWriter errText = new StringWriter();
        int exitCode = new CommandLine(new FormatCommand())
                .setOut(new PrintWriter(outText))
                .setErr(new PrintWriter(errText))
                .execute(arguments);
        out = outText.toString();
        err = errText.toString();
        return exitCode;
    }

    private static SnapshotReader.Snapshot snapshot(Path data) throws IOException {
        return SnapshotReader.read(new HostDisk(), data.resolve("__cluster_metadata-0"), SnapshotFiles.BOOTSTRAP);
    }

    private static Map<String, Integer> features(Path data) throws IOException {
        Map<String, Integer> levels = new LinkedHashMap<>();
        for (var value : snapshot(data).values()) {
            FeatureLevelRecord record =
                    (FeatureLevelRecord) MetadataRecordFrame.read(value).record();
            levels.put(record.name(), (int) record.featureLevel());
        }
        return levels;
    }

    private static Map<Path, String> content(Path directory) throws IOException {
        Map<Path, String> content = new LinkedHashMap<>();
        List<Path> files = new ArrayList<>();
        try (Stream<Path> walk = Files.walk(directory)) {
            walk.filter(Files::isRegularFile).sorted().forEach(files::add);
        }
        for (Path file : files) content.put(file, java.util.HexFormat.of().formatHex(Files.readAllBytes(file)));
        return content;
    }
}
