package io.millrace.storage;

import static io.millrace.storage.LogUnderTest.PARTITION;
import static io.millrace.storage.LogUnderTest.append;
import static io.millrace.storage.LogUnderTest.config;
import static io.millrace.storage.LogUnderTest.flush;
import static io.millrace.storage.LogUnderTest.readAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.protocol.Uuid;
import io.millrace.records.Record;
import io.millrace.testkit.Property;
import io.millrace.testkit.SeededRandom;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** A log is copied into another log directory while it grows, and the copy takes its place. */
class LogCopyTest {
    private static final Uuid TOPIC = new Uuid(4, 2);
    private static final LogConfig CONFIG = config("segment.bytes", "700", "index.interval.bytes", "100");
    private static final Path HOME = Path.of("a");
    private static final Path AWAY = Path.of("b");

    /** Both directories of a disk, and the log that counts. */
    private static final class Story {
        final CrashingDisk disk;
        final LogDirectory home;
        final LogDirectory away;
        final PartitionLog log;
        final boolean isAway;
        final @Nullable Path future;

        Story(CrashingDisk disk) {
            this.disk = disk;
            home = LogDirectory.open(disk, HOME).orElseThrow();
            away = LogDirectory.open(disk, AWAY).orElseThrow();
            Path atHome = find(home, PartitionDirectoryName.State.CURRENT);
            Path there = find(away, PartitionDirectoryName.State.CURRENT);
            future = find(away, PartitionDirectoryName.State.FUTURE);
            if (atHome == null && there == null) atHome = home.createPartition(PARTITION, TOPIC);
            isAway = there != null && (atHome == null || generation(away, there) > generation(home, atHome));
            Path place = isAway ? there : atHome;
            if (isAway && atHome != null)
                home.setAside(atHome, PARTITION, PartitionDirectoryName.State.DELETE, new Uuid(3, 3));
            if (place == null) throw new AssertionError("no log is left");
            MoveMarker marker = (isAway ? away : home).moveMarker(place).orElse(new MoveMarker(0, 0, 0));
            log = PartitionLog.open(
                    disk,
                    place,
                    PARTITION,
                    TOPIC,
                    CONFIG,
                    ProducerStateConfig.DEFAULT,
                    marker.recoveryPoint(),
                    marker.logStartOffset(),
                    false,
                    1_000);
            log.advanceHighWatermark(log.logEndOffset());
        }

        private static @Nullable Path find(LogDirectory in, PartitionDirectoryName.State state) {
            return in.list().partitions().stream()
                    .filter(entry -> entry.name().state() == state)
                    .map(LogDirectory.Entry::path)
                    .findFirst()
                    .orElse(null);
        }

        private static long generation(LogDirectory in, Path directory) {
            return in.moveMarker(directory).map(MoveMarker::generation).orElse(0L);
        }

        LogCopy begin() {
            LogCopy copy = new LogCopy(
                    log,
                    away,
                    future != null ? future : away.createFuture(PARTITION, TOPIC, new Uuid(9, 9)),
                    ProducerStateConfig.DEFAULT);
            if (future != null) run(copy, copy.resuming());
            return copy;
        }

        /** Moves the log, and appends in between what {@code more} says. */
        PartitionLog move(int sliceBytes, Runnable more) {
            LogCopy copy = begin();
            while (!copy.hasFoundation() || copy.lagBytes() > 400) {
                run(copy, copy.nextSlice(sliceBytes));
                more.run();
            }
            run(copy, copy.opening(1_000));
            more.run();
            catchUp(copy, sliceBytes);
            Flush flush = copy.prepareFlush();
            flush.run();
            copy.flushed(flush);
            run(copy, copy.sealing());
            more.run();
            catchUp(copy, sliceBytes);
            assertTrue(copy.isReady());
            return assertInstanceOf(LogCopy.Swap.Done.class, copy.swap(home, new Uuid(8, 8)))
                    .log();
        }

        private static void catchUp(LogCopy copy, int sliceBytes) {
            for (Optional<CopyWork> next = copy.nextTail(sliceBytes, 1_000, 0);
                    next.isPresent();
                    next = copy.nextTail(sliceBytes, 1_000, 0)) run(copy, next.get());
        }

        static void run(LogCopy copy, CopyWork work) {
            work.run();
            copy.ran(work);
        }
    }

    private static List<String> values(PartitionLog log) {
        List<String> values = new ArrayList<>();
        for (Record record : readAll(log, 500)) values.add(Batches.text(record.value()));
        return values;
    }

    private static void fill(PartitionLog log, List<String> into, int count) {
        for (int i = 0; i < count; i++) {
            String value = "value " + into.size();
            append(log, Batches.of(10 + into.size(), value), AppendOrigin.CLIENT, 1 + into.size() / 20);
            into.add(value);
        }
        log.advanceHighWatermark(log.logEndOffset());
    }

    @Test
    void theCopyKnowsAllThatTheOriginalKnew() {
        Story story = new Story(new CrashingDisk());
        PartitionLog log = story.log;
        fill(log, new ArrayList<>(), 60);
        append(log, Batches.transactional(5, 0, 0, "aborted"), AppendOrigin.CLIENT, 4);
        append(log, Batches.marker(5, 0, false, 1), AppendOrigin.COORDINATOR, 4);
        append(log, Batches.of(6, 0, 0, "idempotent"), AppendOrigin.CLIENT, 4);
        append(log, Batches.transactional(7, 0, 0, "open"), AppendOrigin.CLIENT, 4);
        log.assignEpochStart(9, log.logEndOffset());
        log.advanceHighWatermark(log.logEndOffset());
        log.deleteRecordsBefore(13);
        List<Record> records = readAll(log, 500);
        var producers = List.copyOf(log.activeProducers());
        var epochs = log.leaderEpochs();
        var aborted = log.abortedTransactions(0, log.logEndOffset());
        long stable = log.lastStableOffset();
        int segments = log.segmentCount();
        PartitionLog moved = story.move(90, () -> {});
        assertEquals(records, readAll(moved, 500));
        assertEquals(producers, List.copyOf(moved.activeProducers()));
        assertEquals(epochs, moved.leaderEpochs());
        assertEquals(aborted, moved.abortedTransactions(0, moved.logEndOffset()));
        assertEquals(stable, moved.lastStableOffset());
        assertEquals(13, moved.logStartOffset());
        assertEquals(segments, moved.segmentCount());
        assertEquals(AWAY.resolve("orders-3"), moved.directory());
        assertInstanceOf(
                AppendOutcome.Duplicate.class,
                moved.append(Batches.of(6, 0, 0, "idempotent"), AppendOrigin.CLIENT, 9, 1_000, 0));
    }

    @Test
    void aCopyWhoseSegmentsWereRetiredMeanwhileBeginsAnew() {
        Story story = new Story(new CrashingDisk());
        List<String> all = new ArrayList<>();
        fill(story.log, all, 60);
        LogCopy copy = story.begin();
        for (int i = 0; i < 4; i++) Story.run(copy, copy.nextSlice(200));
        story.log.deleteRecordsBefore(50);
        story.log.expire(1_000);
        while (copy.lagBytes() > 0) Story.run(copy, copy.nextSlice(200));
        Story.run(copy, copy.opening(1_000));
        PartitionLog future = copy.future().orElseThrow();
        assertEquals(story.log.logEndOffset(), future.logEndOffset());
        assertEquals(values(story.log), values(future));
    }

    @Test
    void whatAnotherBrokerLeftInTheCopyIsOverwritten() {
        Story story = new Story(new CrashingDisk());
        List<String> all = new ArrayList<>();
        fill(story.log, all, 30);
        Path future = story.away.createFuture(PARTITION, TOPIC, new Uuid(9, 9));
        PartitionLog theirs = PartitionLog.open(
                story.disk, future, PARTITION, TOPIC, config(), ProducerStateConfig.DEFAULT, 0, 0, false, 1_000);
        append(theirs, Batches.of(10, "something else"), AppendOrigin.CLIENT, 1);
        theirs.close();
        PartitionLog moved = new Story(story.disk.afterKill()).move(100, () -> {});
        assertEquals(all, values(moved));
    }

    @Test
    void aPowerCutAtAnyDiskOperationLeavesExactlyOneWholeLog() {
        Property.check(3, random -> {
            CrashingDisk before = new CrashingDisk();
            List<String> first = new ArrayList<>();
            Story story = new Story(before);
            fill(story.log, first, random.nextInt(5, 50));
            story.log.deleteRecordsBefore(0);
            flush(story.log);
            boolean isDone = false;
            for (int operation = 0; !isDone; operation++) isDone = cutAt(before, first, operation, random);
        });
    }

    /** Whether the move came to its end before the cut. */
    private static boolean cutAt(CrashingDisk before, List<String> first, int operation, SeededRandom random) {
        boolean isDone = false;
        CrashingDisk disk = before.afterKill();
        Story story = new Story(disk);
        List<String> all = new ArrayList<>(first);
        int[] left = {8};
        Runnable more = () -> {
            if (left[0]-- > 0) fill(story.log, all, 1);
        };
        disk.cutPowerAfter(operation);
        boolean isKill = random.nextBoolean();
        try {
            story.move(150, more);
            isDone = true;
        } catch (CrashingDisk.PowerCut cut) {
            disk.keepPower();
        }
        Story next = new Story(isKill ? disk.afterKill() : disk.afterPowerCut(random));
        List<String> found = values(next.log);
        int least = isKill ? all.size() - 1 : first.size();
        assertTrue(found.size() >= least, () -> found.size() + " records are left of " + least);
        assertEquals(
                all.subList(0, Math.min(found.size(), all.size())),
                found.subList(0, Math.min(found.size(), all.size())));
        if (next.isAway) {
            assertEquals(List.of("orders-3"), names(next.away));
            return isDone;
        }
        PartitionLog moved = next.move(150, () -> {});
        assertEquals(found, values(moved));
        assertEquals(List.of("orders-3"), names(next.away));
        assertTrue(names(next.home).stream().allMatch(name -> name.endsWith("-delete")));
        moved.close();
        assertEquals(found, values(new Story(next.disk.afterKill()).log));
        return isDone;
    }

    /** A follower's log is cut amid the copy, and gets other records of the same sizes in the place of those. */
    @Test
    void whateverIsLeftOfACopyWhoseOriginalWasCutIsNotMixedWithIt() {
        Property.check(3, random -> {
            CrashingDisk before = new CrashingDisk();
            Story story = new Story(before);
            fill(story.log, new ArrayList<>(), 40);
            flush(story.log);
            boolean isDone = false;
            for (int operation = 0; !isDone; operation++) isDone = isCutAmid(before, operation, random);
        });
    }

    /** Whether all was done before the power was cut. */
    private static boolean isCutAmid(CrashingDisk before, int operation, SeededRandom random) {
        CrashingDisk disk = before.afterKill();
        Story story = new Story(disk);
        boolean isDone = false;
        disk.cutPowerAfter(operation);
        try {
            LogCopy copy = story.begin();
            while (!copy.hasFoundation()) Story.run(copy, copy.nextSlice(300));
            copy.markStale();
            story.log.truncateTo(10);
            for (int i = 10; i < 60; i++) append(story.log, Batches.of(10 + i, "VALUE " + i), AppendOrigin.CLIENT, 50);
            flush(story.log);
            copy.discard();
            isDone = true;
        } catch (CrashingDisk.PowerCut cut) {
            disk.keepPower();
        }
        Story next = new Story(random.nextBoolean() ? disk.afterKill() : disk.afterPowerCut(random));
        List<String> found = values(next.log);
        assertEquals(found, values(next.move(150, () -> {})));
        return isDone;
    }

    private static List<String> names(LogDirectory directory) {
        return directory.list().partitions().stream()
                .map(entry -> entry.path().getFileName().toString())
                .toList();
    }
}
