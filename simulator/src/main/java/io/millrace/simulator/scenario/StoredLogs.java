package io.millrace.simulator.scenario;

import io.millrace.testkit.disk.SimulatedDisk;
import io.millrace.testkit.disk.StoredFile;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.WeakHashMap;

/** The logs on the disks of a cluster, looked at from outside, whatever state their machines are in; what was looked at stays known. */
final class StoredLogs {
    private static final Path LOG_DIRECTORY = Path.of("/data");

    private final Map<String, Path> directories = new HashMap<>();
    private final Map<StoredFile, StoredSegment> segments = new WeakHashMap<>();

    /**
     * A log as it is now.
     *
     * @param name of the directory within the log directory, such as {@code orders-0}
     */
    StoredLog on(SimulatedDisk disk, String name) {
        return new StoredLog(this, disk, directories.computeIfAbsent(name, LOG_DIRECTORY::resolve));
    }

    StoredSegment segment(StoredFile file) {
        StoredSegment segment = segments.computeIfAbsent(file, _ -> new StoredSegment());
        segment.look(file);
        return segment;
    }
}
