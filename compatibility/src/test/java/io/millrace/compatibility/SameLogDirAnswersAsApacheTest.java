package io.millrace.compatibility;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * As {@link SameAnswersAsApacheTest}, about log directories: a broker that has three of them, of which the last one is offline
 * (AlterReplicaLogDirs, DescribeLogDirs, {@code cordoned.log.dirs}).
 */
final class SameLogDirAnswersAsApacheTest {
    private static final Path FOLDER = Checkout.ROOM.resolve("src/test/resources/directories");
    private static final Path ROOT = newRoot();
    private static final Path ONE = ROOT.resolve("one");
    private static final Path OTHER = ROOT.resolve("other");
    private static final Path BROKEN = ROOT.resolve("broken");

    @RegisterExtension
    static final BrokerUnderTest broker = BrokerUnderTest.with(
            "node.id=1",
            "auto.create.topics.enable=false",
            "log.dirs=" + ONE + "," + OTHER + "," + BROKEN,
            "metadata.log.dir=" + ONE);

    private static Path newRoot() {
        try {
            return Files.createTempDirectory(Files.createDirectories(Checkout.TARGET.resolve("brokers")), "dirs");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** What should tell whose directory it is cannot be read at the next start. */
    @BeforeAll
    static void oneDirectoryIsOffline() throws IOException {
        broker.stop();
        Files.delete(BROKEN.resolve("meta.properties"));
        Files.createDirectory(BROKEN.resolve("meta.properties"));
        broker.start();
    }

    @AfterAll
    static void theDirectoriesGo() throws IOException {
        broker.close();
        delete(ROOT);
    }

    private static void delete(Path path) throws IOException {
        try (var files = Files.walk(path)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) Files.deleteIfExists(file);
        }
    }

    @Test
    void movesAndDescriptionsAreAnsweredAsApacheAnswersThem() throws Exception {
        SameAnswersAsApacheTest.check(
                FOLDER,
                "log-dirs",
                broker.port(),
                Map.of("one", ONE.toString(), "other", OTHER.toString(), "broken", BROKEN.toString()));
    }
}
