package io.millrace.simulator.scenario;

import io.millrace.testkit.disk.SimulatedDisk;
import io.millrace.testkit.disk.StoredFile;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A log as it lies on a disk at one moment. */
final class StoredLog {
    /** How the names of the files with records end. */
    static final String SUFFIX = ".log";

    /** A file of it, and the offset that its name says. */
    private record File(long baseOffset, StoredFile content) {}

    private final StoredLogs logs;
    private final List<File> files = new ArrayList<>();

    StoredLog(StoredLogs logs, SimulatedDisk disk, Path directory) {
        this.logs = logs;
        disk.eachFileIn(directory, (name, content) -> {
            if (name.endsWith(SUFFIX)) files.add(new File(baseOffset(name), content));
        });
    }

    /** The batch that holds an offset; null if there is none. */
    @Nullable
    ByteBuffer batchWith(long offset) {
        for (File file : files.reversed())
            if (file.baseOffset() <= offset)
                return logs.segment(file.content()).batchWith(file.content().bytes(), offset);
        return null;
    }

    /** The offset after the last whole batch, 0 if there is nothing at all. */
    long endOffset() {
        if (files.isEmpty()) return 0;
        File last = files.getLast();
        return logs.segment(last.content()).lastOffset(last.baseOffset() - 1) + 1;
    }

    private static long baseOffset(String name) {
        return Long.parseLong(name, 0, name.length() - SUFFIX.length(), 10);
    }
}
