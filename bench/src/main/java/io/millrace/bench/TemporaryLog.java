package io.millrace.bench;

import io.millrace.environment.Disk;
import io.millrace.host.HostDisk;
import io.millrace.records.TopicPartition;
import io.millrace.storage.LogConfig;
import io.millrace.storage.PartitionLog;
import io.millrace.storage.ProducerStateConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/** A partition's log in a directory of its own under the system's temporary directory; gone when closed. */
final class TemporaryLog implements AutoCloseable {
    private static final TopicPartition PARTITION = new TopicPartition("bench", 0);

    private final Path root;
    private final PartitionLog log;

    private TemporaryLog(Path root, PartitionLog log) {
        this.root = root;
        this.log = log;
    }

    /** Opens an empty log. */
    static TemporaryLog open(LogConfig config) throws IOException {
        Path root = Files.createTempDirectory("millrace-bench");
        Disk disk = new HostDisk();
        Path directory = root.resolve("bench-0");
        disk.createDirectories(directory);
        PartitionLog log = PartitionLog.open(
                disk,
                directory,
                PARTITION,
                null,
                config,
                ProducerStateConfig.DEFAULT,
                0,
                0,
                true,
                System.currentTimeMillis());
        return new TemporaryLog(root, log);
    }

    PartitionLog log() {
        return log;
    }

    @Override
    public void close() throws IOException {
        log.close();
        List<Path> files;
        try (Stream<Path> all = Files.walk(root)) {
            files = all.sorted(Comparator.reverseOrder()).toList();
        }
        for (Path file : files) Files.delete(file);
    }
}
