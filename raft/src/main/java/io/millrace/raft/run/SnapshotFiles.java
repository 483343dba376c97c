package io.millrace.raft.run;

import io.millrace.environment.Disk;
import io.millrace.records.OffsetAndEpoch;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Names of the snapshots that lie beside the segments of the metadata log (KIP-630): {@code
 * 00000000000000004096-0000000003.checkpoint} holds everything below offset 4096, whose last record is of epoch 3. While
 * it is written it ends in {@code .part}, while it is fetched in {@code .fetched}, while it waits for its deletion in {@code .deleted}.
 */
public final class SnapshotFiles {
    /** The snapshot that a formatted directory starts with. */
    public static final OffsetAndEpoch BOOTSTRAP = new OffsetAndEpoch(0, 0);

    /** What holds the bootstrap records beside the log directories in directories formatted by Kafka before 4.2. */
    public static final String BOOTSTRAP_CHECKPOINT = "bootstrap.checkpoint";

    private static final String SUFFIX = ".checkpoint";
    private static final String PART_SUFFIX = ".checkpoint.part";
    private static final String FETCHED_SUFFIX = ".checkpoint.fetched";
    private static final String DELETED_SUFFIX = ".checkpoint.deleted";
    private static final Pattern NAME = Pattern.compile("(\\d{20})-(\\d{10})\\.checkpoint");

    private SnapshotFiles() {}

    /** Name of a complete snapshot. */
    public static String name(OffsetAndEpoch id) {
        return String.format(Locale.ROOT, "%020d-%010d", id.offset(), id.leaderEpoch()) + SUFFIX;
    }

    /** Which snapshot a file name means, if it is that of a complete one. */
    public static Optional<OffsetAndEpoch> parse(String fileName) {
        Matcher matcher = NAME.matcher(fileName);
        if (!matcher.matches()) return Optional.empty();
        try {
            return Optional.of(
                    new OffsetAndEpoch(Long.parseLong(matcher.group(1)), Integer.parseInt(matcher.group(2))));
        } catch (NumberFormatException tooLarge) {
            return Optional.empty();
        }
    }

    static Path path(Path logDirectory, OffsetAndEpoch id) {
        return logDirectory.resolve(name(id));
    }

    static Path partPath(Path logDirectory, OffsetAndEpoch id) {
        return logDirectory.resolve(name(id) + ".part");
    }

    static Path fetchedPath(Path logDirectory, OffsetAndEpoch id) {
        return logDirectory.resolve(name(id) + ".fetched");
    }

    /** Complete snapshots of a directory, by offset, then by epoch. */
    static List<OffsetAndEpoch> list(Disk disk, Path logDirectory) throws IOException {
        List<OffsetAndEpoch> found = new ArrayList<>();
        for (String name : disk.list(logDirectory)) parse(name).ifPresent(found::add);
        found.sort(java.util.Comparator.comparingLong(OffsetAndEpoch::offset)
                .thenComparingInt(OffsetAndEpoch::leaderEpoch));
        return found;
    }

    /** Deletes what was fetched of snapshots and not needed after all. */
    static void deleteFetched(Disk disk, Path logDirectory) throws IOException {
        for (String name : disk.list(logDirectory))
            if (name.endsWith(FETCHED_SUFFIX)) disk.delete(logDirectory.resolve(name));
    }

    /** Deletes what a crash left half written or half deleted. */
    static void deleteLeftovers(Disk disk, Path logDirectory) throws IOException {
        deleteFetched(disk, logDirectory);
        for (String name : disk.list(logDirectory)) {
            if (name.endsWith(PART_SUFFIX) || name.endsWith(DELETED_SUFFIX)) disk.delete(logDirectory.resolve(name));
        }
    }
}
