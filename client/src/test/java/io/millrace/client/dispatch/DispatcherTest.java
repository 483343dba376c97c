package io.millrace.client.dispatch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.client.CommittedOffset;
import io.millrace.client.cluster.RetryBackoff;
import io.millrace.client.dispatch.Dispatcher.Verdict;
import io.millrace.client.dispatch.ObviousDispatcher.Entry;
import io.millrace.records.TopicPartition;
import io.millrace.testkit.Property;
import io.millrace.testkit.SeededRandom;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class DispatcherTest {
    private static final TopicPartition P0 = new TopicPartition("orders", 0);
    private static final TopicPartition P1 = new TopicPartition("orders", 1);
    private static final DispatchLimits ROOMY = new DispatchLimits(100, 1_000, 1_000, 1_000_000);
    private static final RetryRules THREE_TIMES = new RetryRules(3, Long.MAX_VALUE, new RetryBackoff(100, 10_000));

    /** A dispatcher and its obvious twin through one random story. */
    private static final class Story {
        final SeededRandom random;
        final List<TopicPartition> all = List.of(P0, P1, new TopicPartition("orders", 2));
        final DispatchLimits limits;
        final Dispatcher<Entry> quick;
        final ObviousDispatcher obvious;
        final Map<TopicPartition, Integer> assignments = new TreeMap<>();
        final Map<TopicPartition, Long> ends = new TreeMap<>();
        final Map<TopicPartition, CommittedOffset> committed = new TreeMap<>();
        /** What the one before has finished, of those that are assigned. */
        final Map<TopicPartition, FinishedAhead> inherited = new TreeMap<>();

        final Map<TopicPartition, Boolean> paused = new TreeMap<>();
        final List<HeldRecord<Entry>> running = new ArrayList<>();
        final Map<Entry, Integer> failures = new HashMap<>();
        int assignmentCount;
        long nowMs;

        Story(SeededRandom random, RecordOrder order) {
            this.random = random;
            this.limits =
                    new DispatchLimits(1 + random.nextInt(8), 5 + random.nextInt(20), 5 + random.nextInt(40), 1_000);
            this.quick = new Dispatcher<>(order, limits, new RetryRules(4, 5_000, new RetryBackoff(10, 1_000)));
            this.obvious = new ObviousDispatcher(order, limits.concurrency());
        }

        void step() {
            nowMs += random.chance(0.5) ? 0 : random.nextInt(100);
            double what = random.nextDouble();
            if (what < 0.04) assign(random.pick(all));
            else if (what < 0.06) stop(random.pick(all));
            else if (what < 0.08) forget(random.pick(all));
            else if (what < 0.40) add(random.pick(all));
            else if (what < 0.70) start();
            else if (!running.isEmpty()) end(running.remove(random.nextInt(running.size())));
            check();
        }

        void assign(TopicPartition partition) {
            if (assignments.containsKey(partition)) return;
            CommittedOffset before = committed.remove(partition);
            CommittedOffset handedOver = random.chance(0.7) ? before : null;
            quick.assign(partition, handedOver);
            assignments.put(partition, ++assignmentCount);
            ends.put(partition, handedOver == null ? (long) random.nextInt(100) : handedOver.offset() - 1);
            inherited.put(
                    partition,
                    handedOver == null
                            ? FinishedAhead.NONE
                            : FinishedAhead.of(handedOver.offset(), handedOver.metadata()));
            paused.put(partition, false);
        }

        void stop(TopicPartition partition) {
            if (!assignments.containsKey(partition)) return;
            quick.stop(List.of(partition));
            obvious.stopped.add(partition);
        }

        void forget(TopicPartition partition) {
            if (!assignments.containsKey(partition)) return;
            quick.forget(List.of(partition));
            assignments.remove(partition);
            paused.remove(partition);
            obvious.stopped.remove(partition);
            for (Entry each : obvious.entries) if (each.partition.equals(partition)) each.isForgotten = true;
        }

        void add(TopicPartition partition) {
            Integer assignment = assignments.get(partition);
            if (assignment == null) return;
            long offset = ends.merge(partition, 1L + random.nextInt(3), Long::sum);
            String key = random.chance(0.2) ? null : "key " + random.nextInt(4);
            Entry entry = new Entry(partition, assignment, offset, key);
            entry.isFinished = contains(Objects.requireNonNull(inherited.get(partition)), offset);
            obvious.entries.add(entry);
            quick.add(partition, offset, 0, 10, key, entry);
        }

        void start() {
            var may = obvious.startable(nowMs);
            HeldRecord<Entry> next = quick.next(nowMs);
            if (next == null) {
                assertEquals(Set.of(), may);
                return;
            }
            assertTrue(may.contains(next.content()), () -> next + " was started; may start: " + may);
            next.content().isRunning = true;
            running.add(next);
        }

        void end(HeldRecord<Entry> record) {
            Entry entry = record.content();
            double how = random.nextDouble();
            if (how < 0.5) {
                assertEquals(!entry.isForgotten, quick.finished(record));
                entry.isRunning = false;
                entry.isFinished = true;
            } else if (how < 0.6) {
                long dueAtMs = nowMs + random.nextInt(200);
                assertEquals(!entry.isForgotten, quick.postponed(record, dueAtMs));
                entry.isRunning = false;
                entry.notBeforeMs = dueAtMs;
            } else if (how < 0.61) {
                assertEquals(!entry.isForgotten, quick.abandoned(record));
                entry.isRunning = false;
                entry.isAbandoned = true;
            } else {
                fail(record, entry);
            }
        }

        private void fail(HeldRecord<Entry> record, Entry entry) {
            Verdict verdict = quick.failed(record, true, nowMs, random.nextLong());
            if (entry.isForgotten) {
                assertEquals(Verdict.FORGOTTEN, verdict);
                entry.isRunning = false;
                return;
            }
            int count = failures.merge(entry, 1, Integer::sum);
            if (verdict == Verdict.GIVEN_UP) {
                assertTrue(count >= 4 || nowMs > 5_000, () -> count + " attempts");
                running.add(record); // Somebody deals with it, and then says that it is finished, or not.
                return;
            }
            assertTrue(count < 4);
            long leastMs = (long) (0.8 * (10 << (count - 1)));
            entry.isRunning = false;
            entry.notBeforeMs = record.dueAtMs;
            assertTrue(record.dueAtMs >= nowMs + leastMs, () -> "after " + (record.dueAtMs - nowMs) + " ms");
        }

        void check() {
            Map<TopicPartition, CommittedOffset> told = quick.uncommitted();
            Map<TopicPartition, Long> watermarks = obvious.watermarks();
            for (TopicPartition each : assignments.keySet()) {
                CommittedOffset offset = told.getOrDefault(each, committed.get(each));
                checkCommitted(each, offset, watermarks.getOrDefault(each, -1L));
            }
            if (random.chance(0.1)) {
                quick.committed(told);
                committed.putAll(told);
                assertEquals(Map.of(), quick.uncommitted());
            }
            assertEquals(obvious.held(), quick.held());
            assertEquals(10 * obvious.held(), quick.heldBytes());
            assertEquals(obvious.entries.stream().filter(each -> each.isRunning).count(), quick.running());
            Dispatcher.Flow flow = quick.flow();
            for (TopicPartition each : flow.pause()) assertFalse(paused.put(each, true));
            for (TopicPartition each : flow.resume()) assertTrue(paused.put(each, false));
            paused.forEach((partition, isPaused) -> {
                long count = obvious.fromFirstUnfinished(partition);
                boolean isFull = count >= limits.partitionRecords() || obvious.held() >= limits.records();
                boolean isHalfEmpty = count <= limits.partitionRecords() / 2 && obvious.held() <= limits.records() / 2;
                if (isFull) assertTrue(isPaused, () -> partition + " holds " + count);
                if (isHalfEmpty) assertFalse(isPaused, () -> partition + " holds " + count);
            });
        }

        /** What may be committed, or has been: no record is lost by it, and none that is finished is handled again. */
        void checkCommitted(TopicPartition partition, @Nullable CommittedOffset offset, long watermark) {
            List<Entry> its = obvious.entries.stream()
                    .filter(each -> each.partition.equals(partition) && !each.isForgotten)
                    .toList();
            if (offset == null) {
                assertTrue(its.stream().noneMatch(each -> each.isFinished), () -> "nothing to commit of " + its);
                return;
            }
            FinishedAhead ahead = FinishedAhead.of(offset.offset(), offset.metadata());
            for (Entry each : its) {
                boolean isDone = each.offset < offset.offset() || contains(ahead, each.offset);
                assertEquals(each.isFinished, isDone, () -> each + " with " + offset + ", " + ahead);
            }
            if (watermark >= 0) assertEquals(watermark, offset.offset());
            long end = ends.getOrDefault(partition, -1L);
            for (FinishedAhead.Range range :
                    Objects.requireNonNull(inherited.get(partition)).ranges())
                for (long each = Math.max(end + 1, range.fromOffset());
                        each < range.untilOffset() && !its.isEmpty();
                        each++) {
                    long kept = each;
                    assertTrue(contains(ahead, kept), () -> kept + " was finished by the one before: " + ahead);
                }
        }

        static boolean contains(FinishedAhead ahead, long offset) {
            return ahead.ranges().stream().anyMatch(each -> each.fromOffset() <= offset && offset < each.untilOffset());
        }

        /** Everything that is held gets done, unless it waits for what was abandoned or stopped. */
        void finishAll() {
            obvious.entries.removeIf(each -> each.isForgotten && !each.isRunning);
            for (int round = 0; round < 100_000; round++) {
                while (!running.isEmpty()) {
                    HeldRecord<Entry> record = running.removeLast();
                    quick.finished(record);
                    record.content().isRunning = false;
                    record.content().isFinished = true;
                }
                start();
                if (!running.isEmpty()) continue;
                if (quick.nextDueAtMs() == Long.MAX_VALUE) break;
                nowMs = Math.max(nowMs, quick.nextDueAtMs());
            }
            check();
            for (Entry each : obvious.entries) {
                if (each.isFinished || each.isForgotten || obvious.stopped.contains(each.partition)) continue;
                assertTrue(
                        obvious.entries.stream()
                                .anyMatch(other -> other.isAbandoned && other.partition.equals(each.partition)),
                        () -> each + " was never handed out");
            }
        }
    }

    private static void tellStories(RecordOrder order) {
        Property.check(150, random -> {
            Story story = new Story(random, order);
            story.all.forEach(story::assign);
            for (int step = 0; step < 250; step++) story.step();
            story.finishAll();
        });
    }

    @Test
    void byPartitionItAgreesWithTheObviousDispatcher() {
        tellStories(RecordOrder.PARTITION);
    }

    @Test
    void byKeyItAgreesWithTheObviousDispatcher() {
        tellStories(RecordOrder.KEY);
    }

    @Test
    void withoutOrderItAgreesWithTheObviousDispatcher() {
        tellStories(RecordOrder.NONE);
    }

    private static Dispatcher<String> dispatcher(RecordOrder order, DispatchLimits limits) {
        Dispatcher<String> dispatcher = new Dispatcher<>(order, limits, THREE_TIMES);
        dispatcher.assign(P0);
        dispatcher.assign(P1);
        return dispatcher;
    }

    private static HeldRecord<String> started(Dispatcher<String> dispatcher, long nowMs) {
        HeldRecord<String> next = dispatcher.next(nowMs);
        assertNotNull(next);
        return next;
    }

    private static CommittedOffset uncommitted(Dispatcher<String> dispatcher) {
        return Objects.requireNonNull(dispatcher.uncommitted().get(P0));
    }

    private static void add(
            Dispatcher<String> dispatcher, TopicPartition partition, long offset, @Nullable String key) {
        dispatcher.add(partition, offset, 3, 10, key, partition + "@" + offset);
    }

    @Test
    void aRecordThatIsTriedAgainHoldsUpItsKeyAndNoOther() {
        Dispatcher<String> dispatcher = dispatcher(RecordOrder.KEY, ROOMY);
        add(dispatcher, P0, 0, "a");
        add(dispatcher, P0, 1, "a");
        add(dispatcher, P0, 2, "b");
        HeldRecord<String> first = started(dispatcher, 0);
        assertEquals(Verdict.RETRIED, dispatcher.failed(first, true, 0, 0));
        HeldRecord<String> other = started(dispatcher, 0);
        assertEquals("orders-0@2", other.content());
        assertTrue(dispatcher.finished(other));
        assertNull(dispatcher.next(0));
        assertEquals(80, dispatcher.nextDueAtMs());
        assertNull(dispatcher.next(79));
        assertEquals(first, dispatcher.next(80));
        assertEquals(0, uncommitted(dispatcher).offset());
        dispatcher.finished(first);
        assertEquals("orders-0@1", started(dispatcher, 80).content());
        assertEquals(1, uncommitted(dispatcher).offset());
        assertEquals(3, uncommitted(dispatcher).leaderEpoch());
    }

    @Test
    void aRecordIsGivenUpAfterItsAttempts() {
        Dispatcher<String> dispatcher = dispatcher(RecordOrder.NONE, ROOMY);
        add(dispatcher, P0, 0, null);
        assertEquals(Verdict.RETRIED, dispatcher.failed(started(dispatcher, 0), true, 0, 0));
        assertEquals(Verdict.RETRIED, dispatcher.failed(started(dispatcher, 1_000), true, 1_000, 0));
        HeldRecord<String> last = started(dispatcher, 2_000);
        assertEquals(Verdict.GIVEN_UP, dispatcher.failed(last, true, 2_000, 0));
        assertEquals(1, dispatcher.running());
        assertTrue(dispatcher.finished(last));
        assertEquals(1, uncommitted(dispatcher).offset());
    }

    @Test
    void aFailureThatNoRetryMendsIsGivenUpAtOnce() {
        Dispatcher<String> dispatcher = dispatcher(RecordOrder.NONE, ROOMY);
        add(dispatcher, P0, 0, null);
        assertEquals(Verdict.GIVEN_UP, dispatcher.failed(started(dispatcher, 0), false, 0, 0));
    }

    @Test
    void aRecordIsGivenUpWhenTheNextAttemptWouldBeTooLate() {
        Dispatcher<String> dispatcher = new Dispatcher<>(
                RecordOrder.NONE, ROOMY, new RetryRules(RetryRules.FOREVER, 250, new RetryBackoff(100, 100)));
        dispatcher.assign(P0);
        add(dispatcher, P0, 0, null);
        assertEquals(Verdict.RETRIED, dispatcher.failed(started(dispatcher, 0), true, 0, 0));
        assertEquals(Verdict.RETRIED, dispatcher.failed(started(dispatcher, 150), true, 150, 0));
        assertEquals(Verdict.GIVEN_UP, dispatcher.failed(started(dispatcher, 230), true, 230, 0));
    }

    @Test
    void whatIsPostponedIsNoFailure() {
        Dispatcher<String> dispatcher = dispatcher(RecordOrder.NONE, ROOMY);
        add(dispatcher, P0, 0, null);
        for (int i = 0; i < 100; i++) assertTrue(dispatcher.postponed(started(dispatcher, i), i + 1));
        HeldRecord<String> record = started(dispatcher, 100);
        assertEquals(0, record.failures());
        assertEquals(Verdict.RETRIED, dispatcher.failed(record, true, 100, 0));
    }

    @Test
    void aPartitionThatComesBackWaitsForHandlersFromBefore() {
        Dispatcher<String> dispatcher = dispatcher(RecordOrder.KEY, ROOMY);
        add(dispatcher, P0, 0, "a");
        HeldRecord<String> old = started(dispatcher, 0);
        dispatcher.stop(List.of(P0));
        assertEquals(1, dispatcher.running(List.of(P0)));
        assertEquals(1, dispatcher.forget(List.of(P0)));
        dispatcher.assign(P0);
        add(dispatcher, P0, 0, "a");
        assertNull(dispatcher.next(0));
        assertFalse(dispatcher.finished(old));
        assertEquals(Map.of(), dispatcher.uncommitted());
        assertEquals("orders-0@0", started(dispatcher, 0).content());
    }

    @Test
    void aLogThatBeginsAgainLowerIsFollowed() {
        Dispatcher<String> dispatcher = dispatcher(RecordOrder.PARTITION, ROOMY);
        add(dispatcher, P0, 7, null);
        add(dispatcher, P0, 8, null);
        HeldRecord<String> old = started(dispatcher, 0);
        add(dispatcher, P0, 2, null); // It was truncated, and others are written.
        assertEquals(1, dispatcher.held());
        assertNull(dispatcher.next(0));
        assertFalse(dispatcher.finished(old));
        assertEquals(Map.of(), dispatcher.uncommitted());
        dispatcher.finished(started(dispatcher, 0));
        assertEquals(3, uncommitted(dispatcher).offset());
    }

    @Test
    void onePartitionsRecordsDoNotFillTheRoomOfAnother() {
        Dispatcher<String> dispatcher = dispatcher(RecordOrder.KEY, new DispatchLimits(2, 4, 100, 1_000_000));
        for (int offset = 0; offset < 4; offset++) add(dispatcher, P0, offset, "stuck");
        assertEquals(new Dispatcher.Flow(List.of(P0), List.of()), dispatcher.flow());
        HeldRecord<String> stuck = started(dispatcher, 0);
        assertFalse(dispatcher.wantsFlow(stuck));
        dispatcher.finished(stuck);
        assertFalse(dispatcher.wantsFlow(stuck));
        dispatcher.finished(started(dispatcher, 0));
        assertTrue(dispatcher.wantsFlow(stuck));
        assertEquals(new Dispatcher.Flow(List.of(), List.of(P0)), dispatcher.flow());
    }

    @Test
    void largeRecordsPauseAllPartitions() {
        Dispatcher<String> dispatcher = dispatcher(RecordOrder.NONE, new DispatchLimits(2, 100, 100, 1_000));
        dispatcher.add(P0, 0, 0, 999, null, "large");
        assertEquals(new Dispatcher.Flow(List.of(), List.of()), dispatcher.flow());
        dispatcher.add(P1, 0, 0, 1, null, "small");
        assertEquals(2, dispatcher.flow().pause().size());
        dispatcher.finished(started(dispatcher, 0));
        assertEquals(2, dispatcher.flow().resume().size());
    }

    @Test
    void recordsOfPartitionsThatAreNotAssignedAreRefused() {
        Dispatcher<String> dispatcher = new Dispatcher<>(RecordOrder.NONE, ROOMY, THREE_TIMES);
        assertThrows(IllegalStateException.class, () -> add(dispatcher, P0, 0, null));
    }
}
