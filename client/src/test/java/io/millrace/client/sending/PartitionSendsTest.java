package io.millrace.client.sending;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.client.cluster.RetryBackoff;
import io.millrace.protocol.ErrorCode;
import io.millrace.records.Compression;
import io.millrace.testkit.Property;
import io.millrace.testkit.SeededRandom;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class PartitionSendsTest {
    private static final int NODE = 1;

    @Test
    void everyRecordIsWrittenOnceAndInOrderWhateverIsLostOrRefusedForNow() {
        Property.check(400, random -> {
            Story story = new Story(random, 1_000_000_000, false);
            story.run(60);
            assertEquals(story.appended, story.log.values.size(), "all records are in the log");
            assertTrue(story.failed.isEmpty(), () -> "failed: " + story.failed);
        });
    }

    @Test
    void whereRecordsAreGivenUpTheOthersAreStillWrittenOnceAndInOrder() {
        Property.check(400, random -> new Story(random, 300, true).run(60));
    }

    @Test
    void aBatchThatIsTooLargeIsTakenApartUntilItFits() {
        Property.check(200, random -> {
            Story story = new Story(random, 1_000_000_000, false);
            story.mostRecords = 1 + random.nextInt(3);
            story.run(40);
            assertEquals(story.appended, story.log.values.size(), "all records are in the log");
        });
    }

    @Test
    void untilABrokerHasTakenABatchAndAfterTroubleNoneTravelsBehindAnother() {
        Story story = new Story(new SeededRandom(1), 1_000_000_000, false);
        for (int i = 0; i < 6; i++) story.add();
        Batch first = story.take();
        assertNull(story.ready(), "the broker might take the second for the first");
        story.answer(first, ErrorCode.NOT_LEADER_OR_FOLLOWER, -1);
        assertSame(first, story.take());
        assertNull(story.ready());
        story.answer(first, ErrorCode.NONE, 0);
        Batch second = story.take();
        Batch third = story.take();
        story.answer(second, BatchAnswer.lost("cut"));
        assertNull(story.ready(), "nothing goes ahead of what is to be sent again");
        story.answer(third, BatchAnswer.lost("cut"));
        assertSame(second, story.take());
        assertNull(story.ready(), "perhaps another broker leads now, that knows nothing of the producer");
        story.answer(second, ErrorCode.NONE, 5);
        assertSame(third, story.take());
        assertNotNull(story.ready());
    }

    @Test
    void aProducerThatWasIdleForLongIsTakenForOneThatBrokersHaveForgotten() {
        Story story = new Story(new SeededRandom(1), 1_000_000_000, false);
        for (int i = 0; i < 4; i++) story.add();
        story.answer(story.take(), ErrorCode.NONE, 0);
        story.nowMs += 10 * 60_000;
        Batch second = story.take();
        assertNull(story.ready());
        story.answer(second, ErrorCode.NONE, 5);
        Batch third = story.take();
        assertNotNull(story.ready());
        story.answer(third, ErrorCode.NONE, 10);
    }

    /** One partition, its producer and its broker, and all that can go wrong between them. */
    private static final class Story {
        final SeededRandom random;
        final ModelLog log = new ModelLog();
        final Map<Integer, SendResult> told = new HashMap<>();
        final Map<Integer, Long> offsets = new HashMap<>();
        final Set<Integer> failed = new HashSet<>();
        final ProducerIdentity identity = new ProducerIdentity();
        final PartitionSends sends;
        final PartitionAppender appender;
        final boolean refuses;
        final ArrayDeque<Batch> wire = new ArrayDeque<>();
        /** Processed by the broker, and the answer not arrived yet. */
        final ArrayDeque<Map.Entry<Batch, BatchAnswer>> answers = new ArrayDeque<>();

        int mostRecords = Integer.MAX_VALUE;
        int appended;
        int released;
        int batches;
        long nowMs = 1_000;
        boolean isHealed;

        Story(SeededRandom random, long deliveryTimeoutMs, boolean refuses) {
            this.random = random;
            this.refuses = refuses;
            SendRules rules = new SendRules(
                    true,
                    (short) -1,
                    1 + random.nextInt(5),
                    Integer.MAX_VALUE,
                    deliveryTimeoutMs,
                    0,
                    new RetryBackoff(random.nextInt(20), 100));
            sends = new PartitionSends("orders-0", rules);
            Compression compression = random.pick(Compression.NONE, Compression.GZIP);
            appender = new PartitionAppender(new AppendRules(4_096, 1 << 20, compression, compression.defaultLevel()));
            identity.given(7, (short) 0);
        }

        void run(int batchCount) {
            int left = batchCount;
            while (left > 0) {
                nowMs += random.nextInt(20);
                switch (random.nextInt(8)) {
                    case 0, 1 -> {
                        add();
                        left--;
                    }
                    case 2, 3 -> send();
                    case 4 -> process();
                    case 5 -> deliver();
                    case 6 -> {
                        if (random.nextInt(4) == 0) cut();
                    }
                    default -> {
                        if (random.nextInt(6) == 0) {
                            cut();
                            log.startAgain();
                        }
                    }
                }
                carryOut(sends.expire(nowMs, ""));
            }
            isHealed = true;
            for (int i = 0; !sends.isEmpty(); i++) {
                assertTrue(i < 10_000, "it comes to an end");
                nowMs += 50;
                carryOut(sends.expire(nowMs, ""));
                send();
                process();
                deliver();
            }
            check();
        }

        @Nullable
        Batch ready() {
            return sends.ready(NODE, identity, nowMs);
        }

        Batch take() {
            Batch batch = Objects.requireNonNull(ready());
            sends.take(batch, NODE);
            return batch;
        }

        void answer(Batch batch, ErrorCode error, long baseOffset) {
            answer(batch, answer(error, baseOffset));
        }

        /** Delivers an answer, and lets the pause pass that may follow from it. */
        void answer(Batch batch, BatchAnswer answer) {
            carryOut(sends.answered(batch, answer, nowMs, 0));
            nowMs += 200;
        }

        void add() {
            appender.open(new byte[4_096], end(appended), nowMs);
            for (int count = 1 + random.nextInt(5); count > 0; count--) {
                byte[] value = ByteBuffer.allocate(4).putInt(appended++).array();
                assertTrue(appender.append(0, null, value, List.of()) >= 0);
            }
            Batch batch = Objects.requireNonNull(appender.seal());
            batch.pack();
            batches++;
            sends.add(batch);
            if (batch.isToBePacked()) sends.packed(batch);
        }

        BatchEnd end(int firstValue) {
            return new BatchEnd() {
                private boolean isReleased;

                @Override
                public void ended(int fromRecord, int recordCount, SendResult result) {
                    for (int i = 0; i < recordCount; i++) {
                        int value = firstValue + fromRecord + i;
                        assertFalse(told.containsKey(value), () -> "record " + value + " is told of twice");
                        told.put(value, result);
                        if (result instanceof SendResult.Written written && written.baseOffset() >= 0) {
                            offsets.put(value, written.baseOffset() + i);
                        }
                        if (result instanceof SendResult.Failed) failed.add(value);
                    }
                }

                @Override
                public void released() {
                    assertFalse(isReleased, "released twice");
                    isReleased = true;
                    released++;
                }
            };
        }

        void send() {
            for (Batch batch = sends.ready(NODE, identity, nowMs); batch != null; ) {
                sends.take(batch, NODE);
                wire.add(batch);
                batch = sends.ready(NODE, identity, nowMs);
            }
        }

        void process() {
            Batch batch = wire.poll();
            if (batch == null) return;
            answers.add(Map.entry(batch, brokerAnswer(batch)));
        }

        private BatchAnswer brokerAnswer(Batch batch) {
            if (batch.recordCount() > mostRecords) return answer(ErrorCode.MESSAGE_TOO_LARGE, -1);
            if (!isHealed && random.nextInt(5) == 0) {
                return answer(random.pick(ErrorCode.NOT_LEADER_OR_FOLLOWER, ErrorCode.NOT_ENOUGH_REPLICAS), -1);
            }
            if (refuses && !isHealed && random.nextInt(12) == 0) return answer(ErrorCode.INVALID_RECORD, -1);
            ModelLog.Appended appendedAt = log.append(batch.bytes());
            boolean isDoubtful = !isHealed && appendedAt.error() == ErrorCode.NONE && random.nextInt(5) == 0;
            return isDoubtful
                    ? answer(random.pick(ErrorCode.NOT_ENOUGH_REPLICAS_AFTER_APPEND, ErrorCode.REQUEST_TIMED_OUT), -1)
                    : answer(appendedAt.error(), appendedAt.baseOffset());
        }

        private static BatchAnswer answer(ErrorCode error, long baseOffset) {
            return new BatchAnswer(error, baseOffset, -1, "", Map.of(), false);
        }

        void deliver() {
            Map.Entry<Batch, BatchAnswer> next = answers.poll();
            if (next != null) carryOut(sends.answered(next.getKey(), next.getValue(), nowMs, random.nextLong()));
        }

        /** The connection breaks: the broker still gets some of what was sent, and no answer comes any more. */
        void cut() {
            List<Batch> inFlight = new ArrayList<>();
            answers.forEach(each -> inFlight.add(each.getKey()));
            inFlight.addAll(wire);
            for (int count = wire.isEmpty() ? 0 : random.nextInt(wire.size() + 1); count > 0; count--) process();
            wire.clear();
            answers.clear();
            for (Batch each : inFlight) {
                carryOut(sends.answered(each, BatchAnswer.lost("cut"), nowMs, random.nextLong()));
            }
        }

        void carryOut(List<SendDeed> deeds) {
            for (SendDeed deed : deeds) {
                switch (deed) {
                    case SendDeed.Tell(Batch batch, SendResult result) -> batch.tell(result);
                    case SendDeed.Release(Batch batch) -> batch.release();
                    case SendDeed.Refresh refresh -> {}
                    case SendDeed.NoteRetry(Batch batch) -> {}
                    case SendDeed.NoteSplit(Batch batch, int pieces) -> {}
                }
            }
        }

        void check() {
            for (int i = 1; i < log.values.size(); i++) {
                int before = log.values.get(i - 1);
                int value = log.values.get(i);
                assertTrue(before < value, () -> "after " + before + " comes " + value + " in " + log.values);
            }
            assertEquals(appended, told.size(), "every record is told of");
            assertEquals(batches, released, "all memory is given back");
            Set<Integer> inLog = new HashSet<>(log.values);
            told.forEach((value, result) -> {
                switch (result) {
                    case SendResult.Written written ->
                        assertTrue(inLog.contains(value), () -> value + " is said to be written and is not");
                    case SendResult.Failed failure ->
                        assertTrue(
                                failure.isOutcomeUnknown() || !inLog.contains(value),
                                () -> value + " is written and said not to be: " + failure);
                }
            });
            offsets.forEach((value, offset) -> assertEquals(value, log.values.get((int) (long) offset)));
        }
    }
}
