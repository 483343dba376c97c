package io.millrace.simulator;

import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.Uuid;
import io.millrace.records.Record;
import io.millrace.records.TopicPartition;
import io.millrace.storage.AppendOrigin;
import io.millrace.storage.AppendOutcome;
import io.millrace.storage.Flush;
import io.millrace.storage.LogConfig;
import io.millrace.storage.LogDirectory;
import io.millrace.storage.LogDirectoryFailed;
import io.millrace.storage.PartitionLog;
import io.millrace.storage.PendingDeletion;
import io.millrace.storage.ProducerStateConfig;
import io.millrace.storage.ReadOutcome;
import io.millrace.testkit.SeededRandom;
import io.millrace.testkit.disk.DiskFaults;
import io.millrace.testkit.disk.MachineStopped;
import io.millrace.testkit.disk.SimulatedDisk;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The lives of one partition's log and its directory, each ended in order, by a kill or by a power cut before any one
 * operation of the disk, the opening of the next life included. Knows what has to be left, and looks.
 */
final class LogStory {
    private static final Path DATA = Path.of("/data");
    private static final TopicPartition PARTITION = new TopicPartition("orders", 0);
    private static final Uuid TOPIC_ID = Uuid.parse("JEXY6aqzQY-32P5TStzaFg");
    private static final LogConfig CONFIG = LogConfig.from(Map.of(
            "segment.bytes", "2000",
            "index.interval.bytes", "300",
            "file.delete.delay.ms", "0"));

    /** What may go wrong in any life; a wrong read is told of as damage, which is another story. */
    private static final Set<DiskFaults.Kind> LEGAL =
            EnumSet.complementOf(EnumSet.of(DiskFaults.Kind.READ_IS_WRONG, DiskFaults.Kind.SLOW));

    /** What a full disk may refuse before it has space again, by all the faults of a life. */
    private static final int MOST_REFUSALS = 100;

    /** A batch of the idempotent producer that was in the log for certain. */
    private record Sent(long baseOffset, int sequence, List<String> texts) {}

    private final Simulation simulation;
    private final SimulatedDisk disk;
    private final SeededRandom random;

    private final List<String> texts = new ArrayList<>();
    private final List<String> underWay = new ArrayList<>();
    private @Nullable Sent sentUnderWay;
    private final List<Sent> sent = new ArrayList<>();
    private final List<PendingDeletion> pending = new ArrayList<>();
    private long leastEnd;
    private long lastingEnd;
    private long mostStart;
    private long checkpointedStart;
    private int epoch;
    private long producerId = 7;
    private int named;
    private int crashesWhileOpening;
    private final boolean isBeset;
    private final Mutant mutant;
    private int fenced;
    private int refusals;
    private boolean isCutting;

    LogStory(long seed) {
        this(seed, false);
    }

    private LogStory(long seed, boolean isBeset) {
        this(seed, isBeset, Mutant.NONE);
    }

    private LogStory(long seed, boolean isBeset, Mutant mutant) {
        simulation = new Simulation(seed);
        disk = simulation.newDisk();
        random = simulation.newRandom();
        this.isBeset = isBeset;
        this.mutant = mutant;
    }

    /** A story with a mistake in it, on a failing disk; it should not end well. */
    static LogStory with(Mutant mutant, long seed) {
        return new LogStory(seed, true, mutant);
    }

    /** A story in which operations of the disk fail, too; whoever meets that lets the directory be until the next life. */
    static LogStory onAFailingDisk(long seed) {
        return new LogStory(seed, true);
    }

    /** In how many lives the disk failed. */
    int fenced() {
        return fenced;
    }

    /** How often a full disk refused something, and the log went on. */
    int refusals() {
        return refusals;
    }

    SimulatedDisk disk() {
        return disk;
    }

    long traceHash() {
        return simulation.traceHash();
    }

    int crashesWhileOpening() {
        return crashesWhileOpening;
    }

    /** Lives so many lives, and looks at what is left after the last. */
    void run(int lives) throws Exception {
        disk.createDirectories(DATA);
        disk.forceDirectory(Path.of("/"));
        for (int life = 0; life < lives; life++) {
            boolean losesPower = random.nextBoolean();
            disk.beforeChange(disk.changeCount() + random.nextInt(150), () -> crash(losesPower));
            boolean isOpen = false;
            if (isBeset) disk.beset(faults());
            try {
                LogDirectory directory =
                        LogDirectory.open(mutant.on(disk), DATA).orElseThrow();
                PartitionLog log = onceThereIsSpace(() -> open(directory));
                if (mutant == Mutant.MARKER_STAYS) directory.markCleanlyShutDown(-1);
                onceThereIsSpace(() -> lowerRecoveryPoint(directory, log));
                isOpen = true;
                opened(log);
                for (int step = random.nextInt(60); step > 0; step--) stepOrFail(directory, log);
                if (random.chance(0.3)) close(directory, log);
                crash(random.nextBoolean());
            } catch (MachineStopped midst) {
                if (!isOpen) crashesWhileOpening++;
            } catch (LogDirectoryFailed failed) {
                check(isBeset, "failed for no reason: " + failed);
                check(
                        isCutting || !disk.faults().isOnlyWantOfSpace(),
                        "is given up though the disk was only full: " + failed);
                fenced++;
                disk.undisturbed();
                crash(random.nextBoolean());
            }
            disk.start();
        }
        disk.beset(DiskFaults.none());
        LogDirectory directory = LogDirectory.open(disk, DATA).orElseThrow();
        opened(open(directory));
        crash(random.nextBoolean());
        disk.start();
    }

    private DiskFaults faults() {
        return DiskFaults.drawn(
                simulation.newRandom(), LEGAL, path -> path.startsWith(DATA), random.nextInt(1, 4), true);
    }

    private interface Deed<T> {
        T run() throws Exception;
    }

    /** What has to be done before anything else, and a full disk refuses, is tried again until it has space. */
    private <T> T onceThereIsSpace(Deed<T> deed) throws Exception {
        for (int tries = 0; ; tries++) {
            try {
                return deed.run();
            } catch (LogDirectoryFailed failed) {
                if (!failed.isWantOfSpace()) throw failed;
                check(isBeset && tries < MOST_REFUSALS, "never finds space: " + failed);
                refusals++;
            }
        }
    }

    private void crash(boolean losesPower) {
        disk.stop();
        isCutting = false;
        pending.clear();
        if (losesPower) disk.losePower();
        if (losesPower || disk.faults().hasLostUnforced()) leastEnd = lastingEnd;
    }

    static PartitionLog open(LogDirectory directory) throws Exception {
        Path path = DATA.resolve("orders-0");
        if (!directory.disk().exists(path)) path = directory.createPartition(PARTITION, TOPIC_ID);
        PartitionLog log = PartitionLog.open(
                directory.disk(),
                path,
                PARTITION,
                TOPIC_ID,
                CONFIG,
                ProducerStateConfig.DEFAULT,
                directory.recoveryPoints().read().getOrDefault(PARTITION, 0L),
                directory.logStartOffsets().read().getOrDefault(PARTITION, 0L),
                directory.wasCleanlyShutDown(),
                SimulatedClock.EPOCH_MS);
        directory.removeCleanShutdownMarker();
        return log;
    }

    /**
     * A crash between a truncation and its checkpoint leaves a recovery point above the log's end. What is appended there
     * was not forced, so the checkpoint must not say so.
     */
    private static boolean lowerRecoveryPoint(LogDirectory directory, PartitionLog log) {
        if (directory.recoveryPoints().read().getOrDefault(PARTITION, 0L) <= log.recoveryPoint()) return false;
        directory.recoveryPoints().write(Map.of(PARTITION, log.recoveryPoint()));
        return true;
    }

    /** Opens the log of a disk and tells it all. */
    static List<String> told(SimulatedDisk disk) throws Exception {
        PartitionLog log = open(LogDirectory.open(disk, DATA).orElseThrow());
        List<String> told = new ArrayList<>();
        told.add(log.logStartOffset() + " to " + log.logEndOffset() + " " + log.leaderEpochs());
        for (Record record : read(log)) told.add(record.offset() + " " + Batches.text(record.value()));
        return told;
    }

    private static List<Record> read(PartitionLog log) {
        List<Record> records = new ArrayList<>();
        long next = log.logStartOffset();
        while (next < log.logEndOffset()) {
            if (!(log.read(next, 700, true, log.logEndOffset()) instanceof ReadOutcome.Slice slice))
                throw new AssertionError("offset " + next + " is out of range");
            List<Record> some = Batches.records(slice.records().toBuffer(), next);
            slice.records().release();
            if (some.isEmpty()) throw new AssertionError("nothing is read at " + next);
            records.addAll(some);
            next = some.getLast().offset() + 1;
        }
        return records;
    }

    /** What a completed opening finds is served, so it has to last from now on. */
    private void opened(PartitionLog log) {
        long start = log.logStartOffset();
        long end = log.logEndOffset();
        texts.addAll(underWay);
        underWay.clear();
        if (sentUnderWay != null) sent.add(sentUnderWay);
        sentUnderWay = null;
        check(start <= mostStart, "starts at " + start + ", not by " + mostStart);
        check(start >= Math.min(checkpointedStart, end), "starts at " + start + " before " + checkpointedStart);
        check(end >= leastEnd, "ends at " + end + ", must reach " + leastEnd);
        check(end <= texts.size(), "ends at " + end + ", " + texts.size() + " were ever written");
        long next = start;
        Set<String> once = new HashSet<>();
        for (Record record : read(log)) {
            String text = Batches.text(record.value());
            check(record.offset() == next, "offset " + record.offset() + " follows " + (next - 1));
            check(text.equals(texts.get((int) next)), "at " + next + " is " + text + ", not " + texts.get((int) next));
            check(once.add(text), text + " is there twice");
            next++;
        }
        check(next == end, "read up to " + next + ", the log ends at " + end);
        forgetFrom(end);
        leastEnd = end;
        lastingEnd = end;
        mostStart = Math.max(mostStart, start);
        log.advanceHighWatermark(end);
        epoch++;
        resendLast(log);
    }

    private void check(boolean holds, String otherwise) {
        if (!holds) throw new AssertionError("the log " + otherwise);
    }

    private void forgetFrom(long end) {
        texts.subList((int) end, texts.size()).clear();
        sent.removeIf(batch -> batch.baseOffset() + batch.texts().size() > end);
    }

    /** T1: the retry of a batch that is still there is answered with its old place. */
    private void resendLast(PartitionLog log) {
        if (sent.isEmpty() || sent.getLast().baseOffset() < log.logStartOffset()) return;
        Sent last = sent.getLast();
        AppendOutcome outcome = log.append(
                Batches.of(producerId, 0, last.sequence(), SimulatedClock.EPOCH_MS, last.texts()),
                AppendOrigin.CLIENT,
                epoch,
                SimulatedClock.EPOCH_MS,
                0);
        check(
                outcome instanceof AppendOutcome.Duplicate duplicate && duplicate.baseOffset() == last.baseOffset(),
                "took the retry of sequence " + last.sequence() + " at " + last.baseOffset() + " as " + outcome);
    }

    private void stepOrFail(LogDirectory directory, PartitionLog log) throws Exception {
        try {
            step(directory, log);
        } catch (LogDirectoryFailed failed) {
            if (failed.isWantOfSpace()) refused(log);
            else if (mutant != Mutant.NOT_FENCED) throw failed;
        }
    }

    /** For want of space: the log is as it was. */
    private void refused(PartitionLog log) {
        check(isBeset, "found no space for no reason");
        check(
                log.logEndOffset() == texts.size(),
                "ends at " + log.logEndOffset() + " after a refusal, not at " + texts.size());
        leastEnd = log.logEndOffset();
        refusals++;
    }

    private void step(LogDirectory directory, PartitionLog log) throws Exception {
        switch (random.nextInt(20)) {
            case 0, 1, 2 -> flush(directory, log);
            case 3 -> log.advanceHighWatermark(log.logEndOffset());
            case 4 -> deleteRecords(directory, log);
            case 5 -> truncate(directory, log);
            case 6 -> log.roll(SimulatedClock.EPOCH_MS);
            case 7 -> deletePending();
            case 8 -> epoch++;
            case 9, 10, 11, 12 -> append(log, true);
            default -> append(log, false);
        }
    }

    private void append(PartitionLog log, boolean isIdempotent) {
        List<String> values = new ArrayList<>();
        for (int count = 1 + random.nextInt(3); count > 0; count--)
            values.add("v" + named++ + "x".repeat(random.nextInt(300)));
        int sequence = 0;
        if (!sent.isEmpty())
            sequence = sent.getLast().sequence() + sent.getLast().texts().size();
        underWay.addAll(values);
        sentUnderWay = isIdempotent ? new Sent(texts.size(), sequence, List.copyOf(values)) : null;
        AppendOutcome outcome = log.append(
                Batches.of(
                        isIdempotent ? producerId : -1,
                        isIdempotent ? 0 : -1,
                        isIdempotent ? sequence : -1,
                        SimulatedClock.EPOCH_MS,
                        values),
                AppendOrigin.CLIENT,
                epoch,
                SimulatedClock.EPOCH_MS,
                0);
        if (outcome instanceof AppendOutcome.Refused refused && refused.error() == ErrorCode.KAFKA_STORAGE_ERROR) {
            underWay.clear();
            sentUnderWay = null;
            refused(log);
            return;
        }
        check(outcome instanceof AppendOutcome.Appended, "took an append as " + outcome);
        if (sentUnderWay != null) sent.add(sentUnderWay);
        sentUnderWay = null;
        texts.addAll(values);
        underWay.clear();
        leastEnd = texts.size();
    }

    /** Returns whether all of it was written; a full disk keeps small files from it, but forces the batches. */
    private boolean flush(LogDirectory directory, PartitionLog log) {
        Flush flush = random.nextBoolean() ? log.prepareCheckpoint() : log.prepareFlush();
        List<String> meanwhile = new ArrayList<>();
        if (random.nextBoolean()) {
            append(log, false);
            meanwhile.add("an append between preparing and running");
        }
        if (mutant == Mutant.CHECKPOINT_BEFORE_FORCE)
            directory.recoveryPoints().write(Map.of(PARTITION, flush.endOffset()));
        flush.run();
        log.flushed(flush);
        lastingEnd = Math.max(lastingEnd, flush.endOffset());
        boolean isWhole = log.recoveryPoint() >= flush.endOffset();
        if (meanwhile.isEmpty() || random.nextBoolean()) checkpoint(directory, log);
        return isWhole;
    }

    private void checkpoint(LogDirectory directory, PartitionLog log) {
        directory.recoveryPoints().write(Map.of(PARTITION, log.recoveryPoint()));
        checkpointedStart = Math.min(checkpointedStart, log.logStartOffset());
        directory.logStartOffsets().write(Map.of(PARTITION, log.logStartOffset()));
        checkpointedStart = log.logStartOffset();
    }

    private void deleteRecords(LogDirectory directory, PartitionLog log) {
        long start = random.nextLong(log.logStartOffset(), log.highWatermark() + 1);
        mostStart = Math.max(mostStart, start);
        check(log.deleteRecordsBefore(start), "did not delete before " + start);
        // The snapshot that stands for a producer's batches is forced by a flush; before it, what goes may be
        // forgotten.
        if (!random.nextBoolean() || !flush(directory, log)) forgetProducer();
        isCutting = true;
        pending.addAll(log.expire(SimulatedClock.EPOCH_MS));
        isCutting = false;
    }

    private void forgetProducer() {
        sent.clear();
        producerId++;
    }

    private void deletePending() {
        for (PendingDeletion deletion : pending) deletion.run();
        pending.clear();
    }

    private void truncate(LogDirectory directory, PartitionLog log) throws Exception {
        long offset = random.nextLong(log.logStartOffset(), log.logEndOffset() + 1);
        long before = lastingEnd;
        leastEnd = Math.min(leastEnd, batchStart(offset));
        lastingEnd = Math.min(before, leastEnd);
        // A cut that a crash interrupts may leave zeros where bytes were forced: nothing there counts as forced any
        // more.
        directory.recoveryPoints().write(Map.of(PARTITION, Math.min(log.recoveryPoint(), leastEnd)));
        isCutting = true;
        log.truncateTo(offset);
        isCutting = false;
        // Nothing is appended before: a log start offset that is checkpointed above the log's end would hide it.
        onceThereIsSpace(() -> {
            checkpoint(directory, log);
            return log;
        });
        leastEnd = log.logEndOffset();
        lastingEnd = Math.min(before, leastEnd);
        forgetFrom(leastEnd);
    }

    /** A cut within a batch takes the whole batch; batches have at most three records. */
    private long batchStart(long offset) {
        return Math.max(0, offset - 2);
    }

    private void close(LogDirectory directory, PartitionLog log) {
        try {
            log.close();
            lastingEnd = texts.size();
            checkpoint(directory, log);
            directory.markCleanlyShutDown(-1);
        } catch (LogDirectoryFailed failed) {
            if (!failed.isWantOfSpace()) throw failed;
            refused(log);
            lastingEnd = texts.size();
        }
        directory.close();
    }
}
