package io.millrace.storage;

import io.millrace.environment.Disk;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The file {@code .kafka_cleanshutdown}: every log of the directory was closed in order. JSON with the epoch the broker
 * had, from which the controller tells a clean restart (KIP-966): {@code {"version":0,"brokerEpoch":7}}.
 */
public final class CleanShutdownMarker {
    /** Name of the file in the log directory. */
    public static final String FILE_NAME = ".kafka_cleanshutdown";

    private static final Pattern BROKER_EPOCH = Pattern.compile("\"brokerEpoch\"\\s*:\\s*(-?\\d{1,19})\\b");
    private static final int MAX_FILE_BYTES = 4096;

    private CleanShutdownMarker() {}

    static boolean exists(Disk disk, Path logDirectory) {
        return disk.exists(logDirectory.resolve(FILE_NAME));
    }

    /** The broker epoch in the marker; nothing without a marker, or if an old version wrote an empty one. */
    static OptionalLong brokerEpoch(Disk disk, Path logDirectory) throws IOException {
        if (!exists(disk, logDirectory)) return OptionalLong.empty();
        String text = new String(disk.readAll(logDirectory.resolve(FILE_NAME), MAX_FILE_BYTES), StandardCharsets.UTF_8);
        Matcher found = BROKER_EPOCH.matcher(text);
        return found.find() ? OptionalLong.of(Long.parseLong(found.group(1))) : OptionalLong.empty();
    }

    static void write(Disk disk, Path logDirectory, long brokerEpoch) throws IOException {
        String text = "{\"version\":0,\"brokerEpoch\":" + brokerEpoch + "}";
        disk.replace(logDirectory.resolve(FILE_NAME), text.getBytes(StandardCharsets.UTF_8));
    }

    static void remove(Disk disk, Path logDirectory) throws IOException {
        if (!exists(disk, logDirectory)) return;
        disk.delete(logDirectory.resolve(FILE_NAME));
        disk.forceDirectory(logDirectory);
    }
}
