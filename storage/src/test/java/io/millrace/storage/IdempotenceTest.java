package io.millrace.storage;

import static io.millrace.storage.LogUnderTest.append;
import static io.millrace.storage.LogUnderTest.disk;
import static io.millrace.storage.LogUnderTest.open;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.protocol.ErrorCode;
import io.millrace.testkit.Property;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class IdempotenceTest {
    private static final long PRODUCER = 9;
    private static final long SEQUENCES = 1L << 31;

    private CrashingDisk disk = disk();
    private PartitionLog log = open(disk, LogConfig.DEFAULT);

    private AppendOutcome send(int epoch, int baseSequence, int records) {
        String[] values = new String[records];
        Arrays.fill(values, "v");
        return log.append(Batches.of(PRODUCER, epoch, baseSequence, values), AppendOrigin.CLIENT, 0, 1_000, 0);
    }

    private ErrorCode refusal(int epoch, int baseSequence, int records) {
        return assertInstanceOf(AppendOutcome.Refused.class, send(epoch, baseSequence, records))
                .error();
    }

    /** All batches ever taken from one producer, and the rules said plainly over them. */
    private static final class Model {
        record Taken(int epoch, long baseSequence, long lastSequence, long baseOffset, long lastOffset) {}

        final List<Taken> taken = new ArrayList<>();
        long end;

        String send(int epoch, int baseSequence, int records) {
            List<Taken> window = taken.subList(Math.max(0, taken.size() - 5), taken.size()).stream()
                    .filter(batch -> batch.epoch() == latestEpoch())
                    .toList();
            long lastSequence = ((long) baseSequence + records - 1) % SEQUENCES;
            for (Taken batch : window)
                if (batch.epoch() == epoch
                        && batch.baseSequence() == baseSequence
                        && batch.lastSequence() == lastSequence)
                    return "duplicate " + batch.baseOffset() + "-" + batch.lastOffset();
            if (!taken.isEmpty()) {
                Taken last = taken.getLast();
                if (epoch < last.epoch()) return "INVALID_PRODUCER_EPOCH";
                long wanted = epoch > last.epoch() ? 0 : (last.lastSequence() + 1) % SEQUENCES;
                if (baseSequence != wanted) return "OUT_OF_ORDER_SEQUENCE_NUMBER";
            }
            taken.add(new Taken(epoch, baseSequence, lastSequence, end, end + records - 1));
            end += records;
            return "appended " + taken.getLast().baseOffset() + "-"
                    + taken.getLast().lastOffset();
        }

        private int latestEpoch() {
            return taken.isEmpty() ? -1 : taken.getLast().epoch();
        }
    }

    @Test
    void everySequenceOfSendsAgreesWithThePlainRules() {
        Property.check(150, random -> {
            disk = disk();
            log = open(disk, LogUnderTest.config("segment.bytes", "1000"));
            Model model = new Model();
            int next = random.pick(0, 7, Integer.MAX_VALUE - 6);
            int epoch = 0;
            for (int i = 0; i < 60; i++) {
                int records = random.nextInt(1, 4);
                int back = random.chance(0.4) ? random.nextInt(12) : 0;
                int sequence = random.chance(0.05) ? 0 : Sequences.minus(next, back);
                if (random.chance(0.05)) epoch++;
                int used = Math.max(0, epoch - (random.chance(0.1) ? 1 : 0));
                String expected = model.send(used, sequence, records);
                AppendOutcome outcome = send(used, sequence, records);
                assertEquals(expected, tell(outcome));
                if (!model.taken.isEmpty()) next = (int) ((model.taken.getLast().lastSequence() + 1) % SEQUENCES);
                if (random.chance(0.05)) restartAfterKill();
            }
        });
    }

    private static String tell(AppendOutcome outcome) {
        return switch (outcome) {
            case AppendOutcome.Appended appended -> "appended " + appended.baseOffset() + "-" + appended.lastOffset();
            case AppendOutcome.Duplicate duplicate ->
                "duplicate " + duplicate.baseOffset() + "-" + duplicate.lastOffset();
            case AppendOutcome.Refused refused -> refused.error().name();
        };
    }

    /** From offset 0, so that the whole window is read again from the batches and not from a snapshot of the last one. */
    private void restartAfterKill() {
        disk = disk.afterKill();
        log = open(disk, LogUnderTest.config("segment.bytes", "1000"));
    }

    @Test
    void theFifthBatchBackIsADuplicateAndTheSixthIsOutOfOrder() {
        for (int i = 0; i < 6; i++) send(0, i * 2, 2);
        assertEquals(new AppendOutcome.Duplicate(2, 3, 1_001, 0), send(0, 2, 2));
        assertEquals(ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER, refusal(0, 0, 2));
        assertEquals(12, log.logEndOffset());
    }

    @Test
    void aBatchMayRunOverTheEndOfTheSequences() {
        send(0, Integer.MAX_VALUE - 1, 4);
        assertEquals(1, log.activeProducers().getFirst().lastSequence());
        assertInstanceOf(AppendOutcome.Duplicate.class, send(0, Integer.MAX_VALUE - 1, 4));
        assertInstanceOf(AppendOutcome.Appended.class, send(0, 2, 1));
    }

    @Test
    void anUnknownProducerMayBeginAnywhere() {
        assertInstanceOf(AppendOutcome.Appended.class, send(3, 500, 1));
    }

    @Test
    void aSilentProducerIsForgottenUnlessItsTransactionIsOpen() {
        append(log, Batches.of(1, 0, 0, "a"));
        append(log, Batches.transactional(2, 0, 0, "b"));
        assertEquals(0, log.expireProducers(86_400_000L));
        assertEquals(1, log.expireProducers(86_401_000L));
        assertEquals(2, log.activeProducers().getFirst().producerId());
    }

    @Test
    void theLastStableOffsetWaitsForTheFirstOpenTransactionAndItsReplication() {
        append(log, Batches.of(5, "plain"));
        append(log, Batches.transactional(1, 0, 0, "t1"));
        append(log, Batches.transactional(2, 0, 0, "t2"));
        log.advanceHighWatermark(3);
        assertEquals(1, log.lastStableOffset());
        append(log, Batches.marker(1, 0, true, 0), AppendOrigin.COORDINATOR, 0);
        assertEquals(1, log.lastStableOffset());
        log.advanceHighWatermark(4);
        assertEquals(2, log.lastStableOffset());
        append(log, Batches.marker(2, 0, false, 0), AppendOrigin.COORDINATOR, 0);
        log.advanceHighWatermark(5);
        assertEquals(5, log.lastStableOffset());
        assertEquals(List.of(new AbortedTransaction(2, 2, 4, 5)), log.abortedTransactions(0, 5));
        assertEquals(List.of(), log.abortedTransactions(0, 2));
        ReadOutcome.Slice slice = assertInstanceOf(ReadOutcome.Slice.class, log.read(0, 1 << 20, true, 5));
        assertEquals(1, log.abortedTransactions(slice).size());
        slice.records().release();
    }

    @Test
    void aPlainBatchWithinATransactionIsRefused() {
        append(log, Batches.transactional(PRODUCER, 0, 0, "t"));
        assertEquals(ErrorCode.INVALID_TXN_STATE, refusal(0, 1, 1));
        assertTrue(log.hasOpenTransaction(PRODUCER, (short) 0));
        assertFalse(log.hasOpenTransaction(PRODUCER, (short) 1));
    }

    @Test
    void markersOfOldProducersAndOldCoordinatorsAreRefused() {
        append(log, Batches.transactional(PRODUCER, 4, 0, "t"));
        append(log, Batches.marker(PRODUCER, 4, true, 7), AppendOrigin.COORDINATOR, 0);
        assertEquals(ErrorCode.INVALID_PRODUCER_EPOCH, marker(3, 7, 0));
        assertEquals(ErrorCode.TRANSACTION_COORDINATOR_FENCED, marker(4, 6, 0));
        append(log, Batches.transactional(PRODUCER, 4, 1, "t"));
        assertEquals(ErrorCode.INVALID_PRODUCER_EPOCH, marker(4, 7, 2));
    }

    private ErrorCode marker(int epoch, int coordinatorEpoch, int transactionVersion) {
        ByteBuffer batch = Batches.marker(PRODUCER, epoch, true, coordinatorEpoch);
        return assertInstanceOf(
                        AppendOutcome.Refused.class,
                        log.append(batch, AppendOrigin.COORDINATOR, 0, 0, 0, transactionVersion))
                .error();
    }
}
