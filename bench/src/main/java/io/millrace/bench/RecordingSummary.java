package io.millrace.bench;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import jdk.jfr.consumer.RecordedClass;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordedFrame;
import jdk.jfr.consumer.RecordedStackTrace;
import jdk.jfr.consumer.RecordedThread;
import jdk.jfr.consumer.RecordingFile;
import org.jspecify.annotations.Nullable;

/** What a JFR recording of a node says of its lanes: bytes allocated, where, and waits for locks. */
final class RecordingSummary {
    private static final Pattern LANE = Pattern.compile("lane-\\d+");
    private static final String OWN_CODE = "io.millrace.";

    private final Map<Long, long[]> firstAndLastAllocated = new HashMap<>();
    private final Map<String, Long> sampledBytes = new HashMap<>();
    private final Map<String, Long> locks = new HashMap<>();
    private final Map<String, Long> parks = new HashMap<>();
    private long gcCount;

    private RecordingSummary() {}

    /**
     * A place in the code, and how much of something was there.
     *
     * @param place  the allocated class and the nearest method of ours, or the method alone
     * @param amount bytes or times
     */
    record Site(String place, long amount) {}

    /** Reads a recording made with {@code harness/allocations.jfc}. */
    static RecordingSummary of(Path recording) throws IOException {
        RecordingSummary summary = new RecordingSummary();
        try (RecordingFile file = new RecordingFile(recording)) {
            while (file.hasMoreEvents()) summary.add(file.readEvent());
        }
        return summary;
    }

    private void add(RecordedEvent event) {
        switch (event.getEventType().getName()) {
            case "jdk.ThreadAllocationStatistics" -> {
                RecordedThread thread = event.getThread("thread");
                if (!isLane(thread)) return;
                long allocated = event.getLong("allocated");
                long[] firstAndLast = firstAndLastAllocated.computeIfAbsent(
                        thread.getJavaThreadId(), id -> new long[] {allocated, allocated});
                firstAndLast[0] = Math.min(firstAndLast[0], allocated);
                firstAndLast[1] = Math.max(firstAndLast[1], allocated);
            }
            case "jdk.ObjectAllocationSample" -> {
                if (!isLane(event.getThread())) return;
                RecordedClass type = event.getClass("objectClass");
                sampledBytes.merge(type.getName() + " in " + place(event), event.getLong("weight"), Long::sum);
            }
            case "jdk.JavaMonitorEnter" -> {
                if (isLane(event.getThread())) locks.merge(place(event), 1L, Long::sum);
            }
            case "jdk.ThreadPark" -> {
                if (isLane(event.getThread())) parks.merge(place(event), 1L, Long::sum);
            }
            case "jdk.GarbageCollection" -> gcCount++;
            default -> {}
        }
    }

    private static boolean isLane(@Nullable RecordedThread thread) {
        return thread != null
                && thread.getJavaName() != null
                && LANE.matcher(thread.getJavaName()).matches();
    }

    private static String place(RecordedEvent event) {
        RecordedStackTrace stack = event.getStackTrace();
        if (stack == null || stack.getFrames().isEmpty()) return "unknown";
        for (RecordedFrame frame : stack.getFrames()) {
            String type = frame.getMethod().getType().getName();
            if (type.startsWith(OWN_CODE)) return name(type, frame);
        }
        RecordedFrame top = stack.getFrames().getFirst();
        return name(top.getMethod().getType().getName(), top);
    }

    private static String name(String type, RecordedFrame frame) {
        return type.substring(type.lastIndexOf('.') + 1) + "."
                + frame.getMethod().getName();
    }

    /** How many lanes the recording saw. */
    int laneCount() {
        return firstAndLastAllocated.size();
    }

    /** Bytes that the lanes allocated between the first and the last word of them, exactly. */
    long laneBytes() {
        return firstAndLastAllocated.values().stream()
                .mapToLong(firstAndLast -> firstAndLast[1] - firstAndLast[0])
                .sum();
    }

    /** Times that a lane waited to enter a monitor. */
    long lockCount() {
        return sum(locks);
    }

    /** Times that a lane was parked, as the locks of the JDK do. */
    long parkCount() {
        return sum(parks);
    }

    /** Garbage collections of the process. */
    long gcCount() {
        return gcCount;
    }

    /** The places that allocate most, by sample. */
    List<Site> topAllocations(int most) {
        return top(sampledBytes, most);
    }

    /** Where lanes waited for locks or were parked. */
    List<Site> topWaits(int most) {
        Map<String, Long> all = new HashMap<>(locks);
        parks.forEach((place, count) -> all.merge(place, count, Long::sum));
        return top(all, most);
    }

    /** All bytes that the samples stand for. */
    long sampledBytes() {
        return sum(sampledBytes);
    }

    private static long sum(Map<String, Long> amounts) {
        return amounts.values().stream().mapToLong(Long::longValue).sum();
    }

    private static List<Site> top(Map<String, Long> amounts, int most) {
        return amounts.entrySet().stream()
                .map(entry -> new Site(entry.getKey(), entry.getValue()))
                .sorted(Comparator.comparingLong(Site::amount).reversed().thenComparing(Site::place))
                .limit(most)
                .toList();
    }
}
