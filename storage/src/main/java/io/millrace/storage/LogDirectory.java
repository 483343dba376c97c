package io.millrace.storage;

import io.millrace.environment.Disk;
import io.millrace.environment.DiskFull;
import io.millrace.protocol.Uuid;
import io.millrace.records.TopicPartition;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * One entry of {@code log.dirs}: its lock, its identity, its checkpoints and the partitions' directories in it. All
 * methods block; they are for start, stop and disk helpers. Every one may throw {@link LogDirectoryFailed}.
 */
public final class LogDirectory implements Closeable {
    /** Name of the lock file. */
    public static final String LOCK_FILE_NAME = ".lock";

    private final Disk disk;
    private final Path path;
    private final Disk.Lock lock;
    private final OffsetCheckpoint recoveryPoints;
    private final OffsetCheckpoint logStartOffsets;
    private final OffsetCheckpoint highWatermarks;
    private final OffsetCheckpoint cleanedOffsets;
    private final CheckpointTopicIds checkpointTopicIds;

    private LogDirectory(Disk disk, Path path, Disk.Lock lock) {
        this.disk = disk;
        this.path = path;
        this.lock = lock;
        this.recoveryPoints = new OffsetCheckpoint(disk, path.resolve("recovery-point-offset-checkpoint"));
        this.logStartOffsets = new OffsetCheckpoint(disk, path.resolve("log-start-offset-checkpoint"));
        this.highWatermarks = new OffsetCheckpoint(disk, path.resolve("replication-offset-checkpoint"));
        this.cleanedOffsets = new OffsetCheckpoint(disk, path.resolve("cleaner-offset-checkpoint"));
        this.checkpointTopicIds = new CheckpointTopicIds(disk, path.resolve(CheckpointTopicIds.FILE_NAME));
    }

    /**
     * Takes a directory into use, making it if it does not exist.
     *
     * @return nothing if another process, or another owner in this one, uses it
     */
    public static Optional<LogDirectory> open(Disk disk, Path path) {
        try {
            if (disk.exists(path) && !disk.isDirectory(path))
                throw new FileSystemException(path.toString(), null, "a file, not a directory");
            disk.createDirectories(path);
            Disk.@Nullable Lock lock = disk.tryLock(path.resolve(LOCK_FILE_NAME));
            return lock == null ? Optional.empty() : Optional.of(new LogDirectory(disk, path, lock));
        } catch (IOException e) {
            throw new LogDirectoryFailed(path, "open", e);
        }
    }

    /** The disk it is on. */
    public Disk disk() {
        return disk;
    }

    /** Where it is. */
    public Path path() {
        return path;
    }

    /**
     * Whose it is; nothing if it was never formatted.
     *
     * @throws LogDirectoryFailed if that cannot be read, or is damaged: nobody knows then whose it is, and it is left alone
     */
    public Optional<MetaProperties> metaProperties() {
        try {
            return MetaProperties.read(disk, path);
        } catch (CorruptLog damaged) {
            throw new LogDirectoryFailed(
                    path, "read meta.properties of", new IOException(damaged.getMessage(), damaged));
        } catch (IOException e) {
            throw new LogDirectoryFailed(path, "read meta.properties of", e);
        }
    }

    /** Says whose it is. */
    public void writeMetaProperties(MetaProperties properties) {
        try {
            properties.write(disk, path);
        } catch (IOException e) {
            throw new LogDirectoryFailed(path, "write meta.properties of", e);
        }
    }

    /** Whether all logs in it were closed in order when it was last in use. */
    public boolean wasCleanlyShutDown() {
        return CleanShutdownMarker.exists(disk, path);
    }

    /** The epoch the broker had when it was cleanly shut down; nothing if it was not, or if the marker does not say. */
    public OptionalLong cleanShutdownBrokerEpoch() {
        try {
            return CleanShutdownMarker.brokerEpoch(disk, path);
        } catch (IOException e) {
            throw new LogDirectoryFailed(path, "read the clean shutdown marker of", e);
        }
    }

    /** Leaves the marker, once every log in it is closed and the checkpoints are written. */
    public void markCleanlyShutDown(long brokerEpoch) {
        try {
            CleanShutdownMarker.write(disk, path, brokerEpoch);
        } catch (IOException e) {
            throw new LogDirectoryFailed(path, "write the clean shutdown marker of", e);
        }
    }

    /**
     * Removes the marker, and forces that. Called before anybody may open a log to write to it: one that has grown since it was
     * closed must not be trusted to end where it was closed. A crash from then on has the logs looked at from their recovery
     * points, which are their ends, so that one while they are being opened costs next to nothing (KAFKA-15375).
     */
    public void removeCleanShutdownMarker() {
        try {
            CleanShutdownMarker.remove(disk, path);
        } catch (IOException e) {
            throw new LogDirectoryFailed(path, "remove the clean shutdown marker of", e);
        }
    }

    /** {@code recovery-point-offset-checkpoint}: what was forced, per partition. */
    public OffsetCheckpoint recoveryPoints() {
        return recoveryPoints;
    }

    /** {@code log-start-offset-checkpoint}: the log start offsets that lie within a segment. */
    public OffsetCheckpoint logStartOffsets() {
        return logStartOffsets;
    }

    /** {@code replication-offset-checkpoint}: the high watermarks. */
    public OffsetCheckpoint highWatermarks() {
        return highWatermarks;
    }

    /** {@code cleaner-offset-checkpoint}: below these the logs are compacted. */
    public OffsetCheckpoint cleanedOffsets() {
        return cleanedOffsets;
    }

    /** {@code checkpoint-topic-ids}: of which topics the other checkpoints speak. */
    public CheckpointTopicIds checkpointTopicIds() {
        return checkpointTopicIds;
    }

    /**
     * A directory of a partition found here.
     *
     * @param path    where it is
     * @param name    what its name says
     * @param topicId from its {@code partition.metadata}, if it has one
     */
    public record Entry(Path path, PartitionDirectoryName name, Optional<Uuid> topicId) {}

    /**
     * What lies in the directory.
     *
     * @param partitions directories of partitions, in whatever state, sorted by name
     * @param unknown    names of directories that are nobody's; they are left alone
     */
    public record Listing(List<Entry> partitions, List<String> unknown) {}

    /** Looks at what lies in the directory, {@code __cluster_metadata-0} included. */
    public Listing list() {
        try {
            List<Entry> partitions = new ArrayList<>();
            List<String> unknown = new ArrayList<>();
            for (String name : disk.list(path)) {
                Path child = path.resolve(name);
                if (!disk.isDirectory(child)) continue;
                Optional<PartitionDirectoryName> parsed = PartitionDirectoryName.parse(name);
                if (parsed.isEmpty()) unknown.add(name);
                else partitions.add(new Entry(child, parsed.get(), PartitionMetadata.read(disk, child)));
            }
            return new Listing(partitions, unknown);
        } catch (IOException e) {
            throw new LogDirectoryFailed(path, "list", e);
        }
    }

    /**
     * Makes the directory of a new partition. Nothing is forced: the log's first flush does that.
     *
     * @param topicId null only for {@code __cluster_metadata}, whose directory has no {@code partition.metadata}
     * @return where it is
     */
    public Path createPartition(TopicPartition partition, @Nullable Uuid topicId) {
        Path directory = path.resolve(PartitionDirectoryName.of(partition));
        try {
            disk.createDirectories(directory);
            if (topicId != null) PartitionMetadata.write(disk, directory, topicId);
            return directory;
        } catch (IOException e) {
            throw new LogDirectoryFailed(path, "create " + directory.getFileName() + " in", e);
        }
    }

    /**
     * Makes the directory of a copy that is to become a partition's log here (KIP-113), and forces its name. A full disk
     * leaves nothing of it.
     *
     * @param uniqueId a fresh id
     * @return where it is
     */
    public Path createFuture(TopicPartition partition, Uuid topicId, Uuid uniqueId) {
        Path directory =
                path.resolve(PartitionDirectoryName.of(partition, PartitionDirectoryName.State.FUTURE, uniqueId));
        try {
            disk.createDirectories(directory);
            PartitionMetadata.keep(disk, directory, topicId);
            disk.forceDirectory(path);
            return directory;
        } catch (DiskFull full) {
            if (disk.isDirectory(directory)) delete(directory);
            throw new LogDirectoryFailed(path, "create " + directory.getFileName() + " in", full);
        } catch (IOException e) {
            throw new LogDirectoryFailed(path, "create " + directory.getFileName() + " in", e);
        }
    }

    /**
     * Gives a copy the partition's own name, and forces that.
     *
     * @return its new path
     */
    public Path promote(Path future, TopicPartition partition) {
        Path place = path.resolve(PartitionDirectoryName.of(partition));
        try {
            disk.rename(future, place);
            disk.forceDirectory(path);
            return place;
        } catch (IOException e) {
            throw new LogDirectoryFailed(path, "rename " + future.getFileName() + " in", e);
        }
    }

    /** What a move left in a partition's directory here, if anything. */
    public Optional<MoveMarker> moveMarker(Path directory) {
        try {
            return MoveMarker.read(disk, directory);
        } catch (IOException e) {
            throw new LogDirectoryFailed(path, "read " + MoveMarker.FILE_NAME + " in", e);
        }
    }

    /**
     * Takes a partition's directory away from its name in one step, so that the name is free at once; it is deleted
     * later, with {@link #delete}, or by the next start if that does not come to pass.
     *
     * @param directory the partition's directory, as {@link PartitionLog#directory} has it
     * @param state     {@code DELETE} or {@code STRAY}
     * @param uniqueId  a fresh id
     * @return its new path; an open log is told with {@link PartitionLog#directoryRenamed}
     */
    public Path setAside(Path directory, TopicPartition partition, PartitionDirectoryName.State state, Uuid uniqueId) {
        Path aside = path.resolve(PartitionDirectoryName.of(partition, state, uniqueId));
        try {
            disk.rename(directory, aside);
            disk.forceDirectory(path);
            return aside;
        } catch (IOException e) {
            throw new LogDirectoryFailed(path, "rename " + directory.getFileName() + " in", e);
        }
    }

    /** Whether a partition's directory holds a segment: one that nobody has ever appended to has none. */
    public boolean holdsLog(Path directory) {
        try {
            return disk.list(directory).stream().anyMatch(name -> name.endsWith(SegmentFileNames.LOG));
        } catch (IOException e) {
            throw new LogDirectoryFailed(path, "list " + directory.getFileName() + " in", e);
        }
    }

    /** Deletes a directory that was set aside, with all files in it. */
    public void delete(Path directory) {
        try {
            for (String name : disk.list(directory)) disk.delete(directory.resolve(name));
            disk.delete(directory);
        } catch (IOException e) {
            throw new LogDirectoryFailed(directory, "delete", e);
        }
    }

    /** Bytes that can still be written. */
    public long usableBytes() {
        try {
            return disk.usableBytes(path);
        } catch (IOException e) {
            throw new LogDirectoryFailed(path, "ask for the free space of", e);
        }
    }

    /** Size of the file system it is on. */
    public long totalBytes() {
        try {
            return disk.totalBytes(path);
        } catch (IOException e) {
            throw new LogDirectoryFailed(path, "ask for the size of", e);
        }
    }

    /** Gives the lock back. */
    @Override
    public void close() {
        try {
            lock.close();
        } catch (IOException e) {
            throw new LogDirectoryFailed(path, "unlock", e);
        }
    }
}
