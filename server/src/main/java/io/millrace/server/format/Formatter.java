package io.millrace.server.format;

import io.millrace.environment.Disk;
import io.millrace.environment.DiskFull;
import io.millrace.metadata.BootstrapRecords;
import io.millrace.metadata.Feature;
import io.millrace.metadata.VersionedRecord;
import io.millrace.protocol.MetadataRecordFrame;
import io.millrace.protocol.Uuid;
import io.millrace.raft.ReplicaKey;
import io.millrace.raft.Voter;
import io.millrace.raft.VoterSet;
import io.millrace.raft.run.SnapshotFiles;
import io.millrace.raft.run.SnapshotWriter;
import io.millrace.storage.MetaProperties;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;

/**
 * Formats the log directories of one node (KIP-631, KIP-853, KIP-858). Everything is looked at before anything is written; in
 * each directory {@code meta.properties} comes last, so that a directory that has it is complete, and one that a crash left
 * without it can be formatted again.
 */
public final class Formatter {
    private static final short STATIC_KRAFT_VERSION = 0;
    private static final short DYNAMIC_KRAFT_VERSION = 1;
    private static final String METADATA_PARTITION = "__cluster_metadata-0";
    private static final int NAMES_IN_MESSAGE = 3;

    /** Free bytes asked for: what is written here is a few thousand, and then the node wants to log that it has begun. */
    private static final long LEAST_BYTES = 1 << 20;

    private final Disk disk;

    /** A formatter of directories on this disk. */
    public Formatter(Disk disk) {
        this.disk = disk;
    }

    /**
     * Formats what the plan says. Blocks; when it returns, all of it survives a power cut.
     *
     * @param wallMs wall-clock time, for the snapshot
     * @param freshIds random ids for directories
     * @throws FormatRefused if a directory belongs to another cluster, another node or to nobody, is formatted already, or the
     *     features cannot be combined, or there is no space; nothing has changed then, unless the space has gone meanwhile
     * @throws IOException if the disk fails; directories without {@code meta.properties} can be formatted again
     */
    public FormatReport format(FormatPlan plan, long wallMs, Supplier<Uuid> freshIds) throws IOException {
        short kraftVersion = kraftVersion(plan);
        List<ByteBuffer> bootstrap = bootstrapValues(plan);
        Set<Path> directories = new LinkedHashSet<>(plan.directories());
        directories.add(plan.metadataLogDirectory());
        List<Path> empty = new ArrayList<>();
        List<Path> formattedBefore = new ArrayList<>();
        Set<Uuid> takenIds = new LinkedHashSet<>();
        for (Path directory : directories) {
            Optional<MetaProperties> found = owned(plan, directory);
            found.ifPresent(properties -> takenIds.add(properties.directoryId()));
            if (found.isPresent()) {
                formattedBefore.add(directory);
            } else {
                requireUnused(directory);
                empty.add(directory);
            }
        }
        if (!plan.ignoreFormatted() && !formattedBefore.isEmpty()) {
            throw new FormatRefused("log directory " + formattedBefore.getFirst()
                    + " is already formatted; use --ignore-formatted to pass over it and format the others");
        }
        for (Path directory : empty) requireSpace(directory);
        List<FormatReport.Formatted> formatted = new ArrayList<>();
        for (Path directory : empty) {
            try {
                formatted.add(format(plan, directory, kraftVersion, bootstrap, wallMs, freshIds, takenIds));
            } catch (DiskFull full) {
                throw new FormatRefused("log directory " + directory
                        + " could not be formatted for want of space; make some and format it again: "
                        + full.getMessage());
            }
        }
        return new FormatReport(List.copyOf(formatted), List.copyOf(formattedBefore));
    }

    /** The cluster id that formatted directories of a node agree on; empty if none is formatted. */
    public Optional<MetaProperties> formattedFor(List<Path> directories) throws IOException {
        Optional<MetaProperties> first = Optional.empty();
        for (Path directory : directories) {
            Optional<MetaProperties> found = read(directory);
            if (first.isEmpty()) first = found;
            if (found.isPresent()) requireSame(first.orElseThrow(), found.get(), directory);
        }
        return first;
    }

    private Optional<MetaProperties> read(Path directory) throws IOException {
        try {
            return MetaProperties.read(disk, directory);
        } catch (MetaProperties.UnknownVersion unknown) {
            throw new FormatRefused(String.valueOf(unknown.getMessage()));
        } catch (NotDirectoryException file) {
            throw new FormatRefused(directory + " is a file, not a directory");
        }
    }

    private static void requireSame(MetaProperties first, MetaProperties other, Path directory) {
        if (!first.clusterId().equals(other.clusterId()) || first.nodeId() != other.nodeId()) {
            throw new FormatRefused("log directory " + directory + " belongs to node " + other.nodeId() + " of cluster "
                    + other.clusterId() + ", another one to node " + first.nodeId() + " of cluster "
                    + first.clusterId());
        }
    }

    private static short kraftVersion(FormatPlan plan) {
        boolean isDynamic = plan.quorum().isDynamic();
        short implied = isDynamic ? DYNAMIC_KRAFT_VERSION : STATIC_KRAFT_VERSION;
        Short asked = plan.features().get(Feature.KRAFT_VERSION.featureName());
        if (asked == null || asked == implied) return implied;
        throw new FormatRefused(
                isDynamic
                        ? "kraft.version " + asked + " does not go with a dynamic quorum, which --standalone,"
                                + " --initial-controllers and --no-initial-controllers make; leave --feature kraft.version out"
                        : "kraft.version " + asked + " needs a dynamic quorum: remove controller.quorum.voters and use"
                                + " --standalone, --initial-controllers or --no-initial-controllers");
    }

    private static List<ByteBuffer> bootstrapValues(FormatPlan plan) {
        try {
            return BootstrapRecords.of(plan.metadataVersion(), plan.features()).stream()
                    .map(Formatter::framed)
                    .toList();
        } catch (BootstrapRecords.BadFeatureLevel wrong) {
            throw new FormatRefused(String.valueOf(wrong.getMessage()));
        }
    }

    private static ByteBuffer framed(VersionedRecord record) {
        return MetadataRecordFrame.write(record.message(), record.version());
    }

    /** What a directory that is formatted says, if it says that it is this node's. */
    private Optional<MetaProperties> owned(FormatPlan plan, Path directory) throws IOException {
        Optional<MetaProperties> found = read(directory);
        if (found.isEmpty()) return found;
        MetaProperties properties = found.get();
        if (!properties.clusterId().equals(plan.clusterId())) {
            throw new FormatRefused("log directory " + directory + " belongs to cluster " + properties.clusterId()
                    + ", not to " + plan.clusterId());
        }
        if (properties.nodeId() != plan.nodeId()) {
            throw new FormatRefused("log directory " + directory + " belongs to node " + properties.nodeId()
                    + ", not to node " + plan.nodeId());
        }
        return found;
    }

    /** A directory that holds anything but the traces of an earlier attempt is somebody's. */
    private void requireUnused(Path directory) throws IOException {
        if (!disk.exists(directory)) return;
        List<String> foreign = new ArrayList<>();
        for (String name : disk.list(directory)) {
            if (!isHarmless(directory, name)) foreign.add(name);
        }
        if (foreign.isEmpty()) return;
        List<String> named = foreign.subList(0, Math.min(NAMES_IN_MESSAGE, foreign.size()));
        throw new FormatRefused(
                "directory " + directory + " is not empty and has no meta.properties that would say whose it"
                        + " is; it holds " + String.join(", ", named)
                        + (foreign.size() > named.size() ? " and " + (foreign.size() - named.size()) + " more" : ""));
    }

    private boolean isHarmless(Path directory, String name) throws IOException {
        if (name.startsWith(".") || name.equals("lost+found")) return true;
        if (name.equals(MetaProperties.FILE_NAME + ".tmp") || name.equals(SnapshotFiles.BOOTSTRAP_CHECKPOINT))
            return true;
        if (!name.equals(METADATA_PARTITION)) return false;
        String bootstrap = SnapshotFiles.name(SnapshotFiles.BOOTSTRAP);
        for (String file : disk.list(directory.resolve(name))) {
            if (!file.equals(bootstrap) && !file.equals(bootstrap + ".part")) return false;
        }
        return true;
    }

    private FormatReport.Formatted format(
            FormatPlan plan,
            Path directory,
            short kraftVersion,
            List<ByteBuffer> bootstrap,
            long wallMs,
            Supplier<Uuid> freshIds,
            Set<Uuid> takenIds)
            throws IOException {
        boolean isMetadata = directory.equals(plan.metadataLogDirectory());
        Uuid directoryId = directoryId(plan, isMetadata, freshIds, takenIds);
        disk.createDirectories(directory);
        Path parent = directory.getParent();
        if (parent != null) disk.forceDirectory(parent);
        if (isMetadata && plan.isController()) {
            Path partition = directory.resolve(METADATA_PARTITION);
            disk.createDirectories(partition);
            disk.forceDirectory(directory);
            var quorum = new SnapshotWriter.QuorumInfo(kraftVersion, voters(plan, directoryId));
            new SnapshotWriter(disk, partition).write(SnapshotFiles.BOOTSTRAP, wallMs, quorum, wallMs, bootstrap);
        }
        var properties = new MetaProperties(plan.clusterId(), plan.nodeId(), directoryId);
        properties.write(disk, directory);
        return new FormatReport.Formatted(directory, kind(plan, isMetadata), properties);
    }

    /** A voter named in advance has its id named too; all others get a fresh one. */
    private static Uuid directoryId(FormatPlan plan, boolean isMetadata, Supplier<Uuid> freshIds, Set<Uuid> takenIds) {
        if (isMetadata && plan.quorum() instanceof InitialQuorum.Voters(VoterSet voters)) {
            Optional<Voter> self = voters.find(plan.nodeId());
            if (self.isPresent()) return self.get().key().directoryId();
        }
        while (true) {
            Uuid id = freshIds.get();
            // A leading dash would read as an option on a command line.
            if (!id.isReserved() && !id.toString().startsWith("-") && takenIds.add(id)) return id;
        }
    }

    private static VoterSet voters(FormatPlan plan, Uuid directoryId) {
        return switch (plan.quorum()) {
            case InitialQuorum.Static() -> VoterSet.NONE;
            case InitialQuorum.ToJoin() -> VoterSet.NONE;
            case InitialQuorum.Voters(VoterSet voters) -> voters;
            case InitialQuorum.Standalone(Voter.Endpoint endpoint) ->
                new VoterSet(List.of(new Voter(
                        new ReplicaKey(plan.nodeId(), directoryId),
                        List.of(endpoint),
                        STATIC_KRAFT_VERSION,
                        DYNAMIC_KRAFT_VERSION)));
        };
    }

    private void requireSpace(Path directory) throws IOException {
        Path there = directory.toAbsolutePath();
        while (!disk.exists(there)) {
            Path above = there.getParent();
            if (above == null) return;
            there = above;
        }
        long totalBytes = disk.totalBytes(there);
        long usableBytes = disk.usableBytes(there);
        if (totalBytes > 0 && usableBytes < LEAST_BYTES)
            throw new FormatRefused("there is no space to format log directory " + directory + ": " + usableBytes
                    + " bytes of " + totalBytes + " are free, and a node needs " + LEAST_BYTES + " to begin");
    }

    private static String kind(FormatPlan plan, boolean isMetadata) {
        if (!isMetadata) return "data directory";
        return switch (plan.quorum()) {
            case InitialQuorum.Static() -> "metadata directory";
            case InitialQuorum.ToJoin() -> "metadata directory";
            case InitialQuorum.Standalone standalone -> "dynamic metadata voter directory";
            case InitialQuorum.Voters(VoterSet voters) ->
                voters.find(plan.nodeId()).isPresent()
                        ? "dynamic metadata voter directory"
                        : "dynamic metadata non-voter directory";
        };
    }
}
