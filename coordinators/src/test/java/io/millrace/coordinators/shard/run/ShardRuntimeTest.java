package io.millrace.coordinators.shard.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.coordinators.group.GroupRecordReader;
import io.millrace.coordinators.shard.Answer;
import io.millrace.coordinators.shard.CoordinatorRecord;
import io.millrace.coordinators.shard.Decision;
import io.millrace.coordinators.shard.Moment;
import io.millrace.coordinators.shard.Reply;
import io.millrace.coordinators.shard.ShardMachine;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.messages.OffsetCommitKey;
import io.millrace.protocol.messages.OffsetCommitValue;
import io.millrace.records.BatchHeader;
import io.millrace.records.Compression;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.function.Consumer;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.logging.SimpleFormatter;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** What the runtime does with any machine; this one counts what it is given. */
class ShardRuntimeTest {
    private static final ShardLimits LIMITS = new ShardLimits(1_000, 500, 5_000, 4, Compression.NONE);

    private final ManualLane lane = new ManualLane();
    private final MemoryLog log = new MemoryLog();
    private final List<String> heard = new ArrayList<>();
    private Counter machine = new Counter();
    private final ShardRuntime<Counter> runtime =
            new ShardRuntime<>("p-0", lane, lane, LIMITS, new GroupRecordReader(), () -> machine = new Counter());

    private final class Counter implements ShardMachine {
        private final List<Long> offsets = new ArrayList<>();
        private final List<Long> wakeAtMs = new ArrayList<>();
        private boolean isLoaded;

        @Override
        public void replay(long offset, CoordinatorRecord record) {
            offsets.add(offset);
        }

        @Override
        public void replayInTransaction(long producerId, long offset, CoordinatorRecord record) {
            throw new AssertionError("no transactions here");
        }

        @Override
        public void replayTransactionEnd(long producerId, long offset, boolean isCommitted) {
            throw new AssertionError("no transactions here");
        }

        @Override
        public void loaded(Moment now) {
            isLoaded = true;
        }

        @Override
        public List<Answer<?>> unloaded() {
            return List.of(new Answer<>(reply("parked"), "never"));
        }

        @Override
        public long nextWakeAtMs() {
            return wakeAtMs.stream().mapToLong(Long::longValue).min().orElse(Long.MAX_VALUE);
        }

        @Override
        public Decision wake(Moment now) {
            wakeAtMs.remove(nextWakeAtMs());
            heard.add("woken at " + now.nowMs());
            return Decision.NOTHING;
        }
    }

    private Reply<String> reply(String name) {
        return Reply.to(told -> heard.add(name + ": " + told), ErrorCode::name);
    }

    private void lead() {
        runtime.becomeLeader(log, log);
        lane.run();
    }

    private void write(String name, int recordCount) {
        ask(name, counter -> {}, recordCount);
    }

    private void ask(String name, Consumer<Counter> first, int recordCount) {
        Reply<String> reply = reply(name);
        runtime.submit(new ShardOperation<Counter>() {
            @Override
            public Decision decide(Counter counter, Moment now) {
                first.accept(counter);
                return Decision.write(records(recordCount), reply, "done");
            }

            @Override
            public void refuse(ErrorCode error) {
                reply.refuse(error);
            }
        });
        lane.run();
    }

    private void read(String name, long shownOffset) {
        Reply<String> reply = reply(name);
        runtime.submit(new ShardOperation<Counter>() {
            @Override
            public Decision decide(Counter counter, Moment now) {
                return Decision.answer(reply, "seen", shownOffset);
            }

            @Override
            public void refuse(ErrorCode error) {
                reply.refuse(error);
            }
        });
        lane.run();
    }

    private static List<CoordinatorRecord> records(int count) {
        return IntStream.range(0, count)
                .mapToObj(i -> CoordinatorRecord.of(
                        OffsetCommitKey.builder()
                                .group("g")
                                .topic("t")
                                .partition(i)
                                .build(),
                        OffsetCommitValue.builder()
                                .offset(i)
                                .metadata("")
                                .commitTimestamp(0)
                                .build(),
                        4))
                .toList();
    }

    @Test
    void nobodyIsAnsweredWhereNobodyLeads() {
        write("w", 1);
        assertEquals(List.of("w: NOT_COORDINATOR"), heard);
    }

    @Test
    void requestsAreTurnedAwayWhileTheLogIsLoaded() {
        lead();
        write("w", 1);
        runtime.becomeLeader(log, log);
        heard.clear();
        assertTrue(runtime.isLoading());
        read("early", -1);
        // Asking ran the lane, and with it the load.
        read("late", -1);
        assertEquals(List.of("early: COORDINATOR_LOAD_IN_PROGRESS", "late: seen"), heard);
    }

    @Test
    void theLogIsReplayedInSlicesAndInOrder() {
        lead();
        for (int i = 0; i < 30; i++) write("w", 3);
        lead();
        assertTrue(machine.isLoaded);
        assertEquals(IntStream.range(0, 90).mapToObj(i -> (long) i).toList(), machine.offsets);
    }

    @Test
    void answersWaitForTheHighWatermarkInOffsetOrder() {
        lead();
        log.holdCommits();
        write("first", 2);
        read("between", 1);
        write("second", 1);
        read("nothing new", -1);
        read("last", 2);
        assertEquals(List.of("nothing new: seen"), heard);
        log.commitTo(1);
        runtime.onHighWatermark(1);
        assertEquals(1, heard.size(), "a batch of two is not committed at one");
        log.commitTo(2);
        runtime.onHighWatermark(2);
        assertEquals(List.of("nothing new: seen", "first: done", "between: seen"), heard);
        log.commitTo(3);
        runtime.onHighWatermark(3);
        assertEquals(List.of("second: done", "last: seen"), heard.subList(3, 5));
        assertEquals(List.of(0L, 1L, 2L), machine.offsets, "replayed when appended");
    }

    @Test
    void whatIsNotCommittedInTimeIsAnsweredAsSuch() {
        lead();
        log.holdCommits();
        write("w", 1);
        lane.advance(4_999);
        assertEquals(List.of(), heard);
        lane.advance(1);
        assertEquals(List.of("w: REQUEST_TIMED_OUT"), heard);
        log.commit();
        runtime.onHighWatermark(log.highWatermark());
        assertEquals(1, heard.size());
    }

    @Test
    void aRefusedBatchIsNotReplayed() {
        lead();
        log.refuse(ErrorCode.NOT_ENOUGH_REPLICAS);
        write("w", 1);
        assertEquals(List.of("w: NOT_ENOUGH_REPLICAS"), heard);
        assertEquals(List.of(), machine.offsets);
    }

    @Test
    void manyRecordsBecomeSeveralBatches() {
        lead();
        write("w", 100);
        assertTrue(log.batches().size() > 1);
        for (ByteBuffer batch : log.batches()) assertTrue(BatchHeader.sizeBytes(batch, 0) <= 1_000);
        assertEquals(100, machine.offsets.size());
        assertEquals(99L, machine.offsets.getLast());
        assertEquals(List.of("w: done"), heard);
    }

    @Test
    void resigningTellsAllWhoWait() {
        lead();
        log.holdCommits();
        write("w", 1);
        runtime.resign();
        assertEquals(List.of("w: NOT_COORDINATOR", "parked: NOT_COORDINATOR"), heard);
        assertFalse(runtime.isActive());
        assertEquals(0, lane.timerCount());
    }

    @Test
    void aLoadThatIsOvertakenByResigningEndsUnseen() {
        runtime.becomeLeader(log, log);
        runtime.resign();
        lane.run();
        assertFalse(runtime.isActive());
        assertFalse(runtime.isLoading());
    }

    @Test
    void whatIsNotCommittedYetIsLoadedAndNotShown() {
        lead();
        log.holdCommits();
        write("w", 3);
        log.commitTo(2);
        lead();
        heard.clear();
        assertEquals(List.of(0L, 1L, 2L), machine.offsets);
        read("what is committed", 1);
        read("what is not", 2);
        assertEquals(List.of("what is committed: seen"), heard);
        log.commit();
        runtime.onHighWatermark(3);
        assertEquals("what is not: seen", heard.getLast());
    }

    @Test
    void whatIsAppendedDuringALoadIsLoadedToo() {
        lead();
        write("w", 2);
        ByteBuffer marker = log.batches().getFirst().duplicate();
        runtime.becomeLeader(log, log);
        log.append(marker);
        lane.run();
        assertTrue(runtime.isActive());
        assertEquals(List.of(0L, 1L, 2L, 3L), machine.offsets);
    }

    @Test
    void whatHasToBeDoneAfterALoadIsDoneBeforeAnythingElse() {
        lead();
        write("w", 1);
        runtime.becomeLeader(log, log);
        runtime.submitOnceLoaded(new Named("first"));
        lane.run();
        read("second", -1);
        assertEquals(
                List.of("w: done", "first: done", "second: seen"),
                heard.stream().filter(line -> !line.startsWith("parked")).toList());
        heard.clear();
        runtime.becomeLeader(log, log);
        runtime.submitOnceLoaded(new Named("overtaken"));
        runtime.resign();
        lane.run();
        assertEquals("overtaken: NOT_COORDINATOR", heard.getLast());
    }

    private final class Named implements ShardOperation<Counter> {
        private final Reply<String> reply;

        Named(String name) {
            reply = reply(name);
        }

        @Override
        public Decision decide(Counter counter, Moment now) {
            return Decision.answer(reply, "done", -1);
        }

        @Override
        public void refuse(ErrorCode error) {
            reply.refuse(error);
        }
    }

    @Test
    void anAppendThatCostsTheLeadershipAnswersEveryoneOnce() {
        ShardLog losing = new ShardLog() {
            @Override
            public Appended append(ByteBuffer batch) {
                runtime.resign();
                return new Appended.At(0);
            }

            @Override
            public long highWatermark() {
                return 0;
            }
        };
        runtime.becomeLeader(losing, log);
        lane.run();
        write("w", 1);
        assertEquals(List.of("parked: NOT_COORDINATOR", "w: NOT_COORDINATOR"), heard);
        assertEquals(0, lane.timerCount());
    }

    @Test
    void aLogThatCannotBeReadLeavesTheShardWithoutALeader() {
        lead();
        write("w", 1);
        log.batches().getFirst().put(70, (byte) 0x55);
        String logged = logged(this::lead);
        assertTrue(logged.startsWith("p-0: could not be loaded"), logged);
        assertTrue(logged.contains("a batch is corrupt"), logged);
        assertFalse(runtime.isActive());
        read("r", -1);
        assertEquals("r: NOT_COORDINATOR", heard.getLast());
    }

    /** The errors that are logged meanwhile, as an operator reads them. */
    private static String logged(Runnable task) {
        StringBuilder errors = new StringBuilder();
        Handler handler = new Handler() {
            @Override
            public void publish(LogRecord record) {
                if (record.getLevel().equals(Level.SEVERE)) errors.append(new SimpleFormatter().formatMessage(record));
            }

            @Override
            public void flush() {}

            @Override
            public void close() {}
        };
        Logger logger = Logger.getLogger(ShardRuntime.class.getName());
        logger.addHandler(handler);
        try {
            task.run();
        } finally {
            logger.removeHandler(handler);
        }
        return errors.toString();
    }

    @Test
    void theMachineIsWokenWhenItWantsToBe() {
        lead();
        long nowMs = lane.monotonicMs();
        ask("w", counter -> counter.wakeAtMs.addAll(Arrays.asList(nowMs + 10, nowMs + 10, nowMs + 25)), 1);
        lane.advance(9);
        assertEquals(List.of("w: done"), heard);
        lane.advance(1);
        assertEquals(3, heard.size());
        lane.advance(15);
        assertEquals("woken at " + (nowMs + 25), heard.getLast());
        assertEquals(0, lane.timerCount());
    }

    @Test
    void manyDeadlinesAtOnceAreHandledInSeveralTurns() {
        lead();
        long nowMs = lane.monotonicMs();
        ask("w", counter -> counter.wakeAtMs.addAll(Collections.nCopies(50, nowMs + 1)), 1);
        lane.advance(1);
        assertEquals(51, heard.size());
    }
}
