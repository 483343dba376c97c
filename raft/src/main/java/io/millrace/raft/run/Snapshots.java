package io.millrace.raft.run;

import io.millrace.environment.Disk;
import io.millrace.records.OffsetAndEpoch;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** The snapshots that lie beside the metadata log, and which of them may go. Belongs to the quorum's lane. */
final class Snapshots {
    /** One snapshot of the directory. */
    record Stored(OffsetAndEpoch id, long sizeBytes, long lastContainedLogTimeMs) {}

    /**
     * What can be deleted.
     *
     * @param logStartOffset the log may start here
     * @param files snapshots before that; blocking to delete
     */
    record Expired(long logStartOffset, List<Path> files) {}

    private final Path directory;
    private final MetadataLogConfig config;
    private final TreeMap<Long, Stored> byOffset = new TreeMap<>();

    private Snapshots(Path directory, MetadataLogConfig config) {
        this.directory = directory;
        this.config = config;
    }

    /** Deletes leftovers of a crash and snapshots that end before the log starts, and lists the others. Blocks. */
    static Snapshots open(Disk disk, Path directory, MetadataLogConfig config, long logStartOffset) throws IOException {
        SnapshotFiles.deleteLeftovers(disk, directory);
        Snapshots snapshots = new Snapshots(directory, config);
        for (OffsetAndEpoch id : SnapshotFiles.list(disk, directory)) {
            Path path = SnapshotFiles.path(directory, id);
            if (id.offset() < logStartOffset) {
                disk.delete(path);
            } else {
                SnapshotReader.Header header = SnapshotReader.readHeader(disk, path);
                snapshots.add(new Stored(id, header.sizeBytes(), header.lastContainedLogTimeMs()));
            }
        }
        return snapshots;
    }

    void add(Stored snapshot) {
        byOffset.put(snapshot.id().offset(), snapshot);
    }

    /** The one that holds most; of several at one offset that of the latest epoch. */
    Optional<OffsetAndEpoch> latest() {
        return byOffset.isEmpty()
                ? Optional.empty()
                : Optional.of(byOffset.lastEntry().getValue().id());
    }

    /**
     * The one that holds least of those that the log goes on from. Others, from before a snapshot of the leader took the log's
     * place, may still be there.
     *
     * @throws IllegalStateException if there is none, which {@link MetadataLog} rules out where the log does not start at 0
     */
    OffsetAndEpoch earliestFrom(long logStartOffset) {
        Map.Entry<Long, Stored> found = byOffset.ceilingEntry(logStartOffset);
        if (found == null) throw new IllegalStateException("no snapshot from offset " + logStartOffset + " on");
        return found.getValue().id();
    }

    boolean contains(OffsetAndEpoch id) {
        Stored stored = byOffset.get(id.offset());
        return stored != null && stored.id().equals(id);
    }

    /**
     * Forgets snapshots that are too old, or too many bytes together with the log, oldest first; the latest stays.
     *
     * @param logBytes size of the log
     */
    Optional<Expired> expire(long wallMs, long logBytes) {
        long totalBytes = logBytes;
        for (Stored snapshot : byOffset.values()) totalBytes += snapshot.sizeBytes();
        List<Path> files = new ArrayList<>();
        while (byOffset.size() > 1) {
            Stored oldest = byOffset.firstEntry().getValue();
            boolean tooOld =
                    config.retentionMs() >= 0 && wallMs - oldest.lastContainedLogTimeMs() > config.retentionMs();
            boolean tooMuch = config.retentionBytes() >= 0 && totalBytes > config.retentionBytes();
            if (!tooOld && !tooMuch) break;
            byOffset.pollFirstEntry();
            totalBytes -= oldest.sizeBytes();
            files.add(SnapshotFiles.path(directory, oldest.id()));
        }
        if (files.isEmpty()) return Optional.empty();
        Map.Entry<Long, Stored> first = byOffset.firstEntry();
        return Optional.of(new Expired(first.getKey(), files));
    }
}
