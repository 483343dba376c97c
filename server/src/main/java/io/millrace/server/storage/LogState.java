package io.millrace.server.storage;

import io.millrace.protocol.Uuid;
import io.millrace.records.TopicPartition;
import io.millrace.storage.CompactionRange;
import java.util.Optional;

/**
 * How one log stands with compaction, at one moment.
 *
 * @param directory where it lies
 * @param topicId of which topic it is, if known
 * @param firstDirtyOffset below it the log is compacted
 * @param range what may be compacted now
 * @param isDue whether it is worth it
 * @param isRunning whether it is being compacted
 * @param setAside why it cannot be compacted, if it cannot
 * @param sizeBytes of all its segments
 */
public record LogState(
        TopicPartition name,
        LogDirectories.InUse directory,
        Optional<Uuid> topicId,
        long firstDirtyOffset,
        CompactionRange range,
        boolean isDue,
        boolean isRunning,
        Optional<String> setAside,
        long sizeBytes) {
    /** In one word. */
    public String word() {
        if (setAside.isPresent()) return "uncleanable";
        if (isRunning) return "compacting";
        return isDue ? "due" : "idle";
    }
}
