package io.millrace.raft.run;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.millrace.records.TopicPartition;
import io.millrace.storage.OffsetCheckpoint;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class MetadataLogTest {
    private static final Path DATA = Path.of("/data");
    private static final Path CHECKPOINT = DATA.resolve("recovery-point-offset-checkpoint");
    private static final TopicPartition METADATA = new TopicPartition("__cluster_metadata", 0);
    private static final TopicPartition OTHER = new TopicPartition("t", 0);

    /** What a crash leaves torn behind the cut would count as damage. */
    @Test
    void aLogThatIsCutIsNotSaidAnyMoreToHaveBeenForcedFurther() throws IOException {
        MemoryDisk disk = new MemoryDisk();
        MetadataLog log = MetadataLog.open(disk, DATA.resolve("__cluster_metadata-0"), MetadataLogConfig.DEFAULT, 0);
        ForcedUpTo captured = new ForcedUpTo(7);
        disk.put(CHECKPOINT, "0\n2\n__cluster_metadata 0 7\nt 0 9\n".getBytes(StandardCharsets.UTF_8));

        log.truncateTo(0);
        assertEquals(Map.of(METADATA, 0L, OTHER, 9L), OffsetCheckpoint.read(disk, CHECKPOINT));

        captured.cutTo(3, () -> {});
        AtomicLong written = new AtomicLong();
        captured.write(written::set);
        assertEquals(3, written.get(), "a helper that was about to write it writes what is so now");
    }
}
