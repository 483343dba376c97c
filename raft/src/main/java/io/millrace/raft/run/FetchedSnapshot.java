package io.millrace.raft.run;

import io.millrace.environment.Disk;
import io.millrace.environment.DiskFile;
import io.millrace.environment.Lane;
import io.millrace.environment.OpenMode;
import io.millrace.records.OffsetAndEpoch;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.function.Consumer;

/**
 * A snapshot that comes from the leader in parts (KIP-630): kept in a file that ends in {@code .fetched}, which takes the snapshot's name once
 * it is whole, checked and forced. A crash before that leaves a file that the next start deletes.
 */
final class FetchedSnapshot {
    private final Lane lane;
    private final Disk disk;
    private final Path directory;

    FetchedSnapshot(Lane lane, Disk disk, Path directory) {
        this.lane = lane;
        this.disk = disk;
        this.directory = directory;
    }

    /** A snapshot that has its name now. */
    record Whole(SnapshotReader.Snapshot snapshot, long sizeBytes) {}

    /** Writes a part off the lane; position 0 begins anew. */
    void store(OffsetAndEpoch id, long position, ByteBuffer bytes, Consumer<Lane.Outcome<Long>> then) {
        Path part = SnapshotFiles.fetchedPath(directory, id);
        lane.offload(
                () -> {
                    if (position == 0) SnapshotFiles.deleteFetched(disk, directory);
                    try (DiskFile file = disk.open(part, OpenMode.CREATE)) {
                        file.write(position, bytes.duplicate());
                    }
                    return position + bytes.remaining();
                },
                then);
    }

    /** Reads all of it, which checks it, forces it and gives it its name, off the lane. */
    void install(OffsetAndEpoch id, Consumer<Lane.Outcome<Whole>> then) {
        lane.offload(() -> settle(id), then);
    }

    private Whole settle(OffsetAndEpoch id) throws IOException {
        Path part = SnapshotFiles.fetchedPath(directory, id);
        SnapshotReader.Snapshot snapshot = SnapshotReader.readFile(disk, part, id);
        try (DiskFile file = disk.open(part, OpenMode.READ_WRITE)) {
            long sizeBytes = file.sizeBytes();
            SnapshotWriter.settle(file::force);
            SnapshotWriter.settle(() -> {
                disk.rename(part, SnapshotFiles.path(directory, id));
                disk.forceDirectory(directory);
            });
            return new Whole(snapshot, sizeBytes);
        }
    }
}
