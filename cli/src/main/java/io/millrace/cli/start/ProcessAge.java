package io.millrace.cli.start;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/**
 * How long ago this process began, its launcher and the JVM's own start included, but not a build that the launcher did or waited
 * for. The JDK's answer on Linux rests on the boot time in whole seconds, so the kernel's own figures are read, which are good to 10 ms.
 */
final class ProcessAge {
    private static final Path STAT = Path.of("/proc/self/stat");
    private static final Path UPTIME = Path.of("/proc/uptime");

    /** What the launcher says when it was held up by a build: the system's uptime after that, in seconds. Nodes of a local cluster inherit it. */
    private static final String BUILT_AT = "millrace.built.at.uptime";

    /** Field 22 of the file; the second, a name in brackets, may hold anything, so fields are counted from its end. */
    private static final int START_TICKS_AFTER_NAME = 19;

    /** The kernel gives user space ticks of 10 ms on every architecture. */
    private static final double MS_PER_TICK = 10;

    private static final double MS_PER_SECOND = 1_000;

    private ProcessAge() {}

    /** Milliseconds since the process began; of {@code bootMs} where that cannot be found out. */
    static long ms(long bootMs) {
        try {
            return fromKernel(
                    Files.readString(STAT, StandardCharsets.ISO_8859_1),
                    Files.readString(UPTIME),
                    System.getProperty(BUILT_AT, "0"));
        } catch (IOException | RuntimeException notLinux) {
            Optional<Instant> start = ProcessHandle.current().info().startInstant();
            return start.map(it -> Duration.between(it, Instant.now()).toMillis())
                    .orElse(bootMs);
        }
    }

    static long fromKernel(String stat, String uptime, String builtAt) {
        String[] afterName = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
        double startMs = Math.max(
                Long.parseLong(afterName[START_TICKS_AFTER_NAME]) * MS_PER_TICK,
                Double.parseDouble(builtAt) * MS_PER_SECOND);
        double nowMs = Double.parseDouble(uptime.substring(0, uptime.indexOf(' '))) * MS_PER_SECOND;
        return Math.max(0, Math.round(nowMs - startMs));
    }
}
