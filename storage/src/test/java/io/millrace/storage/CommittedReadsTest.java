package io.millrace.storage;

import static io.millrace.storage.LogUnderTest.append;
import static io.millrace.storage.LogUnderTest.config;
import static io.millrace.storage.LogUnderTest.disk;
import static io.millrace.storage.LogUnderTest.flush;
import static io.millrace.storage.LogUnderTest.open;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.records.BatchHeader;
import io.millrace.records.Compression;
import io.millrace.records.DecompressionLimit;
import io.millrace.records.Record;
import io.millrace.records.RecordIterator;
import io.millrace.testkit.Property;
import io.millrace.testkit.SeededRandom;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.PriorityQueue;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** What a consumer that reads committed gets, beside a list of everything that was appended (T4, T5). */
class CommittedReadsTest {
    private static final LogConfig SMALL = config("segment.bytes", "900", "index.interval.bytes", "150");
    private static final int PRODUCERS = 4;
    private static final long PLAIN = -1;

    private enum Fate {
        OPEN,
        COMMITTED,
        ABORTED
    }

    private static final class Transaction {
        final long producer;
        final long beganAt;
        long firstOffset; // as the log has it: once its beginning is deleted, that depends on what the log could
        // look at
        Fate fate = Fate.OPEN;
        long markerOffset = -1;

        Transaction(long producer, long firstOffset) {
            this.producer = producer;
            this.beganAt = firstOffset;
            this.firstOffset = firstOffset;
        }
    }

    private record Appended(long offset, String value, Transaction transaction) {}

    /** A log with its twin: every record with its transaction, in the order of the log. */
    private static final class Pair {
        final SeededRandom random;
        final CrashingDisk disk = disk();
        PartitionLog log = open(disk, SMALL);
        final List<Appended> records = new ArrayList<>();
        final List<Transaction> transactions = new ArrayList<>();
        final @Nullable Transaction[] current = new @Nullable Transaction[PRODUCERS];
        final int[] sequences = new int[PRODUCERS];
        final List<Long> batchEnds = new ArrayList<>();
        long highWatermark;
        private int steps;

        Pair(SeededRandom random) {
            this.random = random;
        }

        void step() {
            steps++;
            switch (random.nextInt(16)) {
                case 0, 1, 2 -> plain();
                case 3, 4, 5, 6, 7 -> data(random.nextInt(PRODUCERS));
                case 8, 9, 10 -> end(random.nextInt(PRODUCERS), random.nextBoolean());
                case 11, 12 -> raise(random.pick(boundaries()));
                case 13 -> {
                    long span = highWatermark - log.logStartOffset();
                    if (random.chance(0.3))
                        log.deleteRecordsBefore(log.logStartOffset() + random.nextInt((int) span + 1));
                }
                case 14 -> {
                    if (random.chance(0.3)) restart();
                }
                default -> {
                    if (random.chance(0.3)) truncate();
                }
            }
        }

        /** The offsets at which followers can stand: between batches, from the high watermark to the end. */
        private Long[] boundaries() {
            Set<Long> boundaries = new HashSet<>(List.of(highWatermark, log.logEndOffset()));
            for (long end : batchEnds) if (end >= highWatermark && end <= log.logEndOffset()) boundaries.add(end);
            return boundaries.stream().sorted().toArray(Long[]::new);
        }

        private String[] values() {
            String[] values = new String[random.nextInt(1, 4)];
            Arrays.setAll(values, i -> "step " + steps + "." + i + "x".repeat(random.nextInt(40)));
            return values;
        }

        private void plain() {
            String[] values = values();
            long offset = log.logEndOffset();
            append(log, Batches.of(random.pick(Compression.NONE, Compression.LZ4), 1_000, values));
            note(offset, values, new Transaction(PLAIN, PLAIN));
        }

        private void data(int producer) {
            String[] values = values();
            long offset = log.logEndOffset();
            append(log, Batches.transactional(producer, 0, sequences[producer], values));
            sequences[producer] += values.length;
            Transaction transaction = current[producer];
            if (transaction == null) {
                transaction = new Transaction(producer, offset);
                transactions.add(transaction);
                current[producer] = transaction;
            }
            note(offset, values, transaction);
        }

        private void note(long offset, String[] values, Transaction transaction) {
            batchEnds.add(offset + values.length);
            for (int i = 0; i < values.length; i++) records.add(new Appended(offset + i, values[i], transaction));
        }

        private void end(int producer, boolean isCommit) {
            long offset = log.logEndOffset();
            append(log, Batches.marker(producer, 0, isCommit, 1), AppendOrigin.COORDINATOR, 0);
            Transaction ended = current[producer];
            current[producer] = null;
            if (ended == null) return;
            ended.fate = isCommit ? Fate.COMMITTED : Fate.ABORTED;
            ended.markerOffset = offset;
        }

        private void raise(long offset) {
            highWatermark = offset;
            log.advanceHighWatermark(offset);
        }

        private void restart() {
            boolean clean = random.nextBoolean();
            long start = log.logStartOffset();
            long recoveryPoint = 0;
            if (clean) {
                log.close();
                recoveryPoint = log.recoveryPoint();
            } else if (random.nextBoolean()) {
                flush(log);
                recoveryPoint = log.recoveryPoint();
            }
            log = PartitionLog.open(
                    disk,
                    LogUnderTest.DIRECTORY,
                    LogUnderTest.PARTITION,
                    null,
                    SMALL,
                    ProducerStateConfig.DEFAULT,
                    recoveryPoint,
                    start,
                    clean,
                    1_000);
            takeOverWhatIsOpen();
            raise(log.logEndOffset());
        }

        /** Where nothing but batches tells, an open transaction begins with the first one that is left of it, if any is. */
        private void takeOverWhatIsOpen() {
            Arrays.fill(current, null);
            for (Transaction transaction : List.copyOf(transactions)) {
                if (transaction.fate != Fate.OPEN) continue;
                long found = -1;
                for (ActiveProducer active : log.activeProducers())
                    if (active.producerId() == transaction.producer) found = active.currentTransactionFirstOffset();
                for (Appended record : records)
                    if (record.transaction() == transaction && record.offset() >= log.logStartOffset())
                        assertTrue(
                                found >= 0 && found <= record.offset(), "records of an open transaction are unstable");
                if (transaction.beganAt >= log.logStartOffset()) assertEquals(transaction.beganAt, found);
                transaction.firstOffset = found;
                if (found < 0) transactions.remove(transaction);
                else current[(int) transaction.producer] = transaction;
            }
        }

        /** Cuts the log behind the high watermark, as a follower does, and forgets with it. */
        private void truncate() {
            long target = highWatermark + random.nextInt((int) (log.logEndOffset() - highWatermark) + 1);
            log.truncateTo(target);
            long end = log.logEndOffset();
            records.removeIf(record -> record.offset() >= end);
            batchEnds.removeIf(batchEnd -> batchEnd > end);
            transactions.removeIf(transaction -> transaction.firstOffset >= end);
            for (Transaction transaction : transactions)
                if (transaction.markerOffset >= end) {
                    transaction.fate = Fate.OPEN;
                    transaction.markerOffset = -1;
                }
            Arrays.fill(sequences, 0);
            for (ActiveProducer producer : log.activeProducers())
                sequences[(int) producer.producerId()] = producer.lastSequence() + 1;
            takeOverWhatIsOpen();
            raise(end);
        }

        long lastStableOffset() {
            long stable = highWatermark;
            for (Transaction transaction : transactions)
                if (transaction.fate == Fate.OPEN || transaction.markerOffset >= highWatermark)
                    stable = Math.min(stable, transaction.firstOffset);
            return Math.max(stable, log.logStartOffset());
        }

        List<String> committed(long from, long until) {
            List<String> committed = new ArrayList<>();
            for (Appended record : records)
                if (record.offset() >= from
                        && record.offset() < until
                        && (record.transaction().firstOffset == PLAIN || record.transaction().fate == Fate.COMMITTED))
                    committed.add(record.offset() + " " + record.value());
            return committed;
        }
    }

    /** Reads as the official consumer does: with the aborted transactions of each answer, in the order they began. */
    private static List<String> read(SeededRandom random, PartitionLog log, long from) {
        List<String> seen = new ArrayList<>();
        long next = from;
        long until = log.lastStableOffset();
        while (next < until) {
            ReadOutcome.Slice slice =
                    assertInstanceOf(ReadOutcome.Slice.class, log.read(next, random.nextInt(1, 600), true, until));
            PriorityQueue<AbortedTransaction> aborted =
                    new PriorityQueue<>(Comparator.comparingLong(AbortedTransaction::firstOffset));
            aborted.addAll(log.abortedTransactions(slice));
            Set<Long> skipped = new HashSet<>();
            ByteBuffer bytes = slice.records().toBuffer();
            slice.records().release();
            long before = next;
            for (int at = 0; at + BatchHeader.HEADER_BYTES <= bytes.limit(); ) {
                int sizeBytes = BatchHeader.sizeBytes(bytes, at);
                if (at + sizeBytes > bytes.limit()) break;
                long lastOffset = BatchHeader.lastOffset(bytes, at);
                assertTrue(lastOffset < until, "nothing at or above the last stable offset is handed out");
                while (!aborted.isEmpty() && aborted.peek().firstOffset() <= lastOffset)
                    skipped.add(aborted.poll().producerId());
                long producerId = BatchHeader.producerId(bytes, at);
                if (BatchHeader.isControl(bytes, at)) {
                    skipped.remove(producerId);
                } else if (!(BatchHeader.isTransactional(bytes, at) && skipped.contains(producerId))) {
                    RecordIterator batch = new RecordIterator(bytes, at, DecompressionLimit.DEFAULT);
                    while (batch.hasNext()) {
                        Record record = batch.next();
                        if (record.offset() >= next) seen.add(record.offset() + " " + Batches.text(record.value()));
                    }
                }
                next = lastOffset + 1;
                at += sizeBytes;
            }
            assertTrue(next > before, "a read below the last stable offset finds something");
        }
        return seen;
    }

    @Test
    void whoReadsCommittedSeesExactlyWhatWasCommittedBelowTheLastStableOffset() {
        Property.check(150, random -> {
            Pair pair = new Pair(random);
            int steps = random.nextInt(5, 120);
            for (int i = 0; i < steps; i++) {
                pair.step();
                assertEquals(pair.lastStableOffset(), pair.log.lastStableOffset(), "step " + i);
                if (!random.chance(0.2)) continue;
                long start = pair.log.logStartOffset();
                long stable = pair.lastStableOffset();
                long from = start + random.nextInt((int) (stable - start) + 1);
                assertEquals(pair.committed(from, stable), read(random, pair.log, from));
            }
        });
    }

    @Test
    void theLastStableOffsetIsNeverBelowTheLogStartOffset() {
        PartitionLog log = open(disk(), SMALL);
        append(log, Batches.transactional(1, 0, 0, "a", "b", "c"));
        append(log, Batches.of(5, "plain"));
        log.advanceHighWatermark(4);
        assertEquals(0, log.lastStableOffset());
        assertTrue(log.deleteRecordsBefore(4));
        assertEquals(4, log.lastStableOffset());
        assertEquals(1, log.openTransactionCount());
    }

    @Test
    void aFollowersTransactionsAreDecidedWhenItsLeadersLogStartPassesThem() {
        PartitionLog log = open(disk(), SMALL);
        append(log, Batches.transactional(1, 0, 0, "a"));
        append(log, Batches.marker(1, 0, true, 0), AppendOrigin.COORDINATOR, 0);
        append(log, Batches.of(5, "plain"));
        assertTrue(log.advanceLogStartOffset(3));
        assertEquals(3, log.lastStableOffset());
    }

    @Test
    void aTransactionWhoseProducerFellSilentIsLate() {
        PartitionLog log = open(disk(), SMALL);
        append(log, Batches.transactional(1, 0, 0, "a"));
        append(log, Batches.of(2, 0, 0, "plain"));
        assertEquals(1, log.openTransactionCount());
        assertEquals(0, log.lateTransactionCount(61_000, 60_000));
        assertEquals(1, log.lateTransactionCount(61_001, 60_000));
        append(log, Batches.marker(1, 0, false, 0), AppendOrigin.COORDINATOR, 0);
        assertEquals(0, log.openTransactionCount());
        assertEquals(0, log.lateTransactionCount(Long.MAX_VALUE, 60_000));
    }

    /** Three segments with an aborted transaction in each, closed; the index of the first is then damaged. */
    @Test
    void aDamagedTransactionIndexIsMadeAnewFromTheBatches() {
        Property.check(60, random -> {
            CrashingDisk disk = disk();
            PartitionLog log = open(disk, SMALL);
            for (int i = 0; i < 12; i++) {
                append(log, Batches.transactional(i % 3, 0, i / 3, "value " + "y".repeat(60)));
                if (i % 3 != 1) append(log, Batches.marker(i % 3, 0, i % 4 == 0, 1), AppendOrigin.COORDINATOR, 0);
            }
            append(log, Batches.marker(1, 0, false, 1), AppendOrigin.COORDINATOR, 0);
            List<AbortedTransaction> expected = log.abortedTransactions(0, Long.MAX_VALUE);
            assertTrue(expected.size() > 5);
            log.close();
            var damaged = disk.contents(LogUnderTest.DIRECTORY).keySet().stream()
                    .filter(name -> name.endsWith(SegmentFileNames.TRANSACTION_INDEX))
                    .sorted()
                    .toList();
            String name = damaged.get(random.nextInt(damaged.size()));
            byte[] content = disk.contents(LogUnderTest.DIRECTORY).getOrDefault(name, new byte[0]);
            byte[] bad = random.nextBoolean()
                    ? Arrays.copyOf(content, content.length - random.nextInt(1, 34))
                    : content.clone();
            if (bad.length == content.length) bad[random.nextInt(2)] ^= 1;
            disk.put(LogUnderTest.DIRECTORY.resolve(name), bad);
            PartitionLog opened = open(disk, SMALL, log.logEndOffset(), true);
            assertEquals(expected, opened.abortedTransactions(0, Long.MAX_VALUE));
            assertEquals(
                    1,
                    opened.recovery().notes().size(),
                    opened.recovery().notes().toString());
            assertEquals(expected, open(disk, SMALL, log.logEndOffset(), true).abortedTransactions(0, Long.MAX_VALUE));
        });
    }

    @Test
    void retriesOfTheLastFiveBatchesAreKnownAfterARestart() {
        Property.check(40, random -> {
            CrashingDisk disk = disk();
            PartitionLog log = open(disk, LogConfig.DEFAULT);
            List<AppendOutcome.Appended> answers = new ArrayList<>();
            for (int i = 0; i < 9; i++) {
                answers.add(append(log, Batches.of(7, 2, i * 2, "a" + i, "b" + i)));
                if (random.chance(0.3)) append(log, Batches.of(1_000, "other"));
                if (i == 5 && random.nextBoolean()) log.roll(1_000);
            }
            boolean clean = random.nextBoolean();
            if (clean) log.close();
            else flush(log);
            PartitionLog opened = open(disk, LogConfig.DEFAULT, log.recoveryPoint(), clean);
            for (int i = 4; i < 9; i++) {
                var duplicate = assertInstanceOf(
                        AppendOutcome.Duplicate.class,
                        opened.append(Batches.of(7, 2, i * 2, "a" + i, "b" + i), AppendOrigin.CLIENT, 0, 1_000, 0));
                assertEquals(answers.get(i).baseOffset(), duplicate.baseOffset());
                assertEquals(answers.get(i).lastOffset(), duplicate.lastOffset());
            }
            LogUnderTest.refused(opened, Batches.of(7, 2, 6, "a3", "b3"));
            append(opened, Batches.of(7, 2, 18, "next"));
        });
    }
}
