package io.millrace.compatibility;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.compatibility.SharedDirectory.Server;
import io.millrace.compatibility.program.JavaClients;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.FeatureUpdate;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.UpdateFeaturesOptions;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A directory that a newer program left is refused with a sentence, and stays as it was to the last byte and moment. */
final class UnknownMetadataTest {
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final String NOTHING_CHANGED = "; nothing was changed";

    /** Formatted by Apache's tool, used by our broker, and stopped. */
    private static SharedDirectory used;

    @TempDir
    Path root;

    @BeforeAll
    static void useADirectory() throws Exception {
        used = SharedDirectory.formattedByApache(List.of());
        used.start(Server.MILLRACE);
        try (var admin = JavaClients.admin(used.bootstrap())) {
            admin.createTopics(List.of(new NewTopic("here", 2, (short) 1)))
                    .all()
                    .get();
        }
        used.end(true);
    }

    @AfterAll
    static void removeIt() {
        if (used != null) used.close();
    }

    private interface Change {
        void in(Path logDirectory) throws IOException;
    }

    private static Change inLog(byte[]... values) {
        return logs -> new MetadataLogWriter(logs).append(values);
    }

    /** Starts on a changed copy, expects a refusal, and compares all that is there before and after. */
    private void assertRefused(Change change, String... wanted) throws Exception {
        Path logs = root.resolve("log");
        DirectoryTree.copy(used.logs(), logs);
        change.in(logs);
        Files.delete(logs.resolve(".lock"));
        Path empty = Files.createDirectory(root.resolve("empty"));
        Map<Path, String> before = DirectoryTree.picture(root);
        try (var process = start(logs, empty)) {
            assertEquals(1, process.awaitExit(PATIENCE), process::output);
            var said = process.lines().stream()
                    .filter(line -> line.startsWith("millrace: "))
                    .toList();
            assertEquals(1, said.size(), process::output);
            for (String part : wanted) assertTrue(said.getFirst().contains(part), () -> said + " lacks " + part);
            assertTrue(said.getFirst().endsWith(NOTHING_CHANGED), said::toString);
        }
        assertEquals(before, DirectoryTree.picture(root));
    }

    private ChildProcess start(Path... logs) {
        var paths = new ArrayList<String>();
        for (Path path : logs) paths.add(path.toString());
        return ChildProcess.start(
                "Millrace",
                Checkout.TARGET,
                Map.of(),
                List.of(
                        MillraceBroker.PROGRAM,
                        "start",
                        "--config",
                        used.properties().toString(),
                        "--set",
                        "log.dirs=" + String.join(",", paths)));
    }

    @Test
    void aNewerMetadataVersionInTheLog() throws Exception {
        assertRefused(
                inLog(MetadataLogWriter.level("metadata.version", 34)),
                "00000000000000000000.log has metadata.version 34",
                "7 to 33 (3.3-IV3 to 4.4-IV2)",
                "kafka-features.sh downgrade --feature metadata.version=33");
    }

    @Test
    void aNewerMetadataVersionInTheLatestSnapshot() throws Exception {
        assertRefused(
                logs -> new MetadataLogWriter(logs).snapshot(MetadataLogWriter.level("metadata.version", 99)),
                ".checkpoint has metadata.version 99");
    }

    @Test
    void anOlderMetadataVersionThanAnyKnown() throws Exception {
        assertRefused(
                inLog(MetadataLogWriter.level("metadata.version", 6)),
                "has metadata.version 6",
                "raise it there first");
    }

    @Test
    void aNewerLevelOfAKnownFeature() throws Exception {
        assertRefused(inLog(MetadataLogWriter.level("share.version", 3)), "share.version 3", "the levels 0 to 2");
    }

    @Test
    void aFeatureOfAnUnknownName() throws Exception {
        assertRefused(
                inLog(MetadataLogWriter.level("future.version", 1)),
                "the feature future.version at level 1",
                "metadata.version, kraft.version, transaction.version");
    }

    @Test
    void aNewerKraftVersion() throws Exception {
        assertRefused(logs -> new MetadataLogWriter(logs).appendKraftVersion(2), "kraft.version 2", "levels 0 to 1");
    }

    @Test
    void aRecordOfAnUnknownType() throws Exception {
        assertRefused(
                inLog(MetadataLogWriter.framed(1, 99, 0)), "a metadata record of type 99", "up to metadata.version 33");
    }

    @Test
    void aRecordOfANewerVersionOfItsType() throws Exception {
        assertRefused(
                inLog(MetadataLogWriter.framed(1, 3, 9)),
                "a PARTITION_RECORD of version 9",
                "its versions 0 to 2",
                "start the newer program that wrote it");
    }

    @Test
    void aNewerFrameOfRecords() throws Exception {
        assertRefused(inLog(MetadataLogWriter.framed(2, 3, 0)), "frame version 2", "known here is 1 only");
    }

    @Test
    void newerMetaProperties() throws Exception {
        assertRefused(
                logs -> {
                    Path file = logs.resolve("meta.properties");
                    Files.writeString(file, Files.readString(file).replace("version=1", "version=2"));
                },
                "meta.properties has version 2, and known here is version 1 only: start the program that wrote it");
    }

    @Test
    void aNewerQuorumState() throws Exception {
        assertRefused(
                logs -> {
                    Path file = logs.resolve("__cluster_metadata-0/quorum-state");
                    Files.writeString(file, Files.readString(file).replace("\"data_version\":1", "\"data_version\":2"));
                },
                "quorum-state",
                "data_version is 2, known are 0 to 1");
    }

    @Test
    void aLevelThatWasLoweredAgainIsTaken() throws Exception {
        Path logs = root.resolve("log");
        DirectoryTree.copy(used.logs(), logs);
        new MetadataLogWriter(logs)
                .append(
                        MetadataLogWriter.level("metadata.version", 34),
                        MetadataLogWriter.level("future.version", 1),
                        MetadataLogWriter.level("metadata.version", 33),
                        MetadataLogWriter.level("future.version", 0));
        try (var process = start(logs)) {
            process.awaitLine("that it is ready", PATIENCE, new MillraceBroker()::saysReady);
        }
    }

    /** Apache 4.4.0 knows a version beyond what it supports for production; a real cluster is raised to it, and lowered. */
    @Test
    @Tag("long")
    void aDirectoryThatApachesBrokerHasRaisedIsRefusedUntilItIsLoweredAgain() throws Exception {
        try (var directory = SharedDirectory.formattedByApache(List.of("unstable.feature.versions.enable=true"))) {
            directory.start(Server.APACHE);
            setMetadataVersion(directory, 34, FeatureUpdate.UpgradeType.UPGRADE);
            directory.end(true);
            Map<Path, String> before = DirectoryTree.picture(directory.logs());
            var refused = directory.startInVain();
            assertTrue(refused.contains("has metadata.version 34, and known here are the levels 7 to 33"), refused);
            assertEquals(before, DirectoryTree.picture(directory.logs()));

            directory.start(Server.APACHE);
            setMetadataVersion(directory, 33, FeatureUpdate.UpgradeType.SAFE_DOWNGRADE);
            directory.end(true);
            directory.start(Server.MILLRACE);
            try (var admin = JavaClients.admin(directory.bootstrap())) {
                assertEquals(33, metadataVersion(admin));
            }
        }
    }

    private static void setMetadataVersion(SharedDirectory directory, int level, FeatureUpdate.UpgradeType type)
            throws Exception {
        try (var admin = JavaClients.admin(directory.bootstrap())) {
            admin.updateFeatures(
                            Map.of("metadata.version", new FeatureUpdate((short) level, type)),
                            new UpdateFeaturesOptions())
                    .all()
                    .get();
            Await.until("metadata.version is " + level, PATIENCE, () -> metadataVersion(admin) == level);
        }
    }

    private static int metadataVersion(Admin admin) throws Exception {
        var features = admin.describeFeatures().featureMetadata().get().finalizedFeatures();
        var found = features.get("metadata.version");
        if (found == null) throw new AssertionError("no metadata.version among " + features);
        return found.maxVersionLevel();
    }
}
