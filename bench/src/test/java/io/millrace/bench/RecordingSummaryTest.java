package io.millrace.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import jdk.jfr.Configuration;
import jdk.jfr.Recording;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RecordingSummaryTest {
    private static final int ALLOCATED_BYTES = 32 << 20;
    private static final Path SETTINGS = Path.of("harness/allocations.jfc");

    @TempDir
    Path directory;

    private interface Work {
        void run() throws InterruptedException;
    }

    /** A thread that is there before the recording and after it, as a lane is. */
    private RecordingSummary recordThread(String name, Work work) throws Exception {
        var begin = new CountDownLatch(1);
        var done = new CountDownLatch(1);
        var end = new CountDownLatch(1);
        Thread thread = new Thread(
                () -> {
                    try {
                        begin.await();
                        work.run();
                        done.countDown();
                        end.await();
                    } catch (InterruptedException e) {
                        throw new IllegalStateException(e);
                    }
                },
                name);
        thread.start();
        Path file = directory.resolve("lanes.jfr");
        try (var settings = Files.newBufferedReader(SETTINGS);
                Recording recording = new Recording(Configuration.create(settings))) {
            recording.start();
            begin.countDown();
            done.await();
            recording.stop();
            recording.dump(file);
        } finally {
            end.countDown();
            thread.join();
        }
        return RecordingSummary.of(file);
    }

    @Test
    void whatALaneAllocatesIsCountedAndItsPlaceNamed() throws Exception {
        List<byte[]> kept = new ArrayList<>();
        RecordingSummary summary = recordThread("lane-7", () -> {
            for (int i = 0; i < 512; i++) kept.add(new byte[ALLOCATED_BYTES / 512]);
        });
        assertEquals(512, kept.size());
        assertEquals(1, summary.laneCount());
        assertTrue(summary.laneBytes() >= ALLOCATED_BYTES, () -> summary.laneBytes() + " bytes");
        assertTrue(summary.laneBytes() < 2L * ALLOCATED_BYTES, () -> summary.laneBytes() + " bytes");
        String most = summary.topAllocations(1).getFirst().place();
        assertTrue(most.startsWith("[B in RecordingSummaryTest."), most);
        String text = RecordingReport.text(summary, "load", 1_000, 10_000);
        assertTrue(text.startsWith("load: 1 lanes, 1000 requests, 10000 records"), text);
        assertTrue(text.contains("bytes per request"), text);
    }

    @Test
    void waitsForAMonitorAreCounted() throws Exception {
        Object monitor = new Object();
        var isHeld = new CountDownLatch(1);
        List<Thread> holders = new ArrayList<>();
        RecordingSummary summary = recordThread("lane-0", () -> {
            Thread lane = Thread.currentThread();
            Thread holder = new Thread(() -> {
                synchronized (monitor) {
                    isHeld.countDown();
                    while (lane.getState() != Thread.State.BLOCKED) Thread.onSpinWait();
                }
            });
            holders.add(holder);
            holder.start();
            isHeld.await();
            synchronized (monitor) {
                Thread.onSpinWait();
            }
        });
        for (Thread holder : holders) holder.join();
        assertEquals(1, summary.lockCount());
    }

    @Test
    void otherThreadsAreNotCounted() throws Exception {
        RecordingSummary summary = recordThread("lane-keeper", () -> Thread.sleep(0));
        assertEquals(0, summary.laneCount());
        assertThrows(IllegalArgumentException.class, () -> RecordingReport.text(summary, "load", 1, 1));
    }
}
