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
 * @param wantOfSpace why it is not compacted for now, if it is too large for what is free on its disk
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
        Optional<String> wantOfSpace,
        long sizeBytes) {
    /** Why it is not compacted though it may be worth it; empty if nothing is in the way. */
    public String reason() {
        return setAside.or(() -> wantOfSpace).orElse("");
    }

    /** In one word. */
    public String word() {
        if (setAside.isPresent()) return "uncleanable";
        if (isRunning) return "compacting";
        if (wantOfSpace.isPresent()) return "waiting";
        return isDue ? "due" : "idle";
    }
}
