package io.millrace.server.partitions;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertSame;

import io.millrace.environment.Lane;
import io.millrace.protocol.ErrorCode;
import io.millrace.records.TopicPartition;
import io.millrace.server.fixture.Batches;
import io.millrace.storage.BatchPreparation;
import io.millrace.storage.LogConfig;
import io.millrace.testkit.Property;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class AppendOrderTest {
    private static final LogConfig PRODUCER = LogConfig.DEFAULT;
    private static final LogConfig LZ4 = LogConfig.from(Map.of("compression.type", "lz4"));

    /** Helpers that finish when the test says so, in any order. */
    private static final class Helpers implements Lane {
        final List<Runnable> working = new ArrayList<>();
        boolean fail;

        @Override
        public String name() {
            return "lane";
        }

        @Override
        public boolean isCurrent() {
            return true;
        }

        @Override
        public void execute(Runnable task) {
            throw new AssertionError("not asked for");
        }

        @Override
        public Timer schedule(long delayMs, Runnable task) {
            throw new AssertionError("not asked for");
        }

        @Override
        public <T extends @Nullable Object> void offload(Callable<T> work, Consumer<Outcome<T>> then) {
            working.add(() -> {
                Outcome<T> outcome;
                try {
                    if (fail) throw new IllegalStateException("broken");
                    outcome = new Outcome.Done<>(work.call());
                } catch (Exception failure) {
                    outcome = new Outcome.Failed<>(failure);
                }
                then.accept(outcome);
            });
        }
    }

    @Test
    void eachPartitionsBatchesKeepTheirOrderWhoeverFinishesFirst() {
        Property.check(100, random -> {
            AppendOrder order = new AppendOrder();
            Helpers helpers = new Helpers();
            List<List<Integer>> appended = List.of(new ArrayList<>(), new ArrayList<>());
            List<List<Integer>> expected = List.of(new ArrayList<>(), new ArrayList<>());
            for (int i = 0; i < 40; i++) {
                int partition = random.nextInt(2);
                int number = i;
                ByteBuffer batch = Batches.of("value " + i);
                expected.get(partition).add(i);
                order.submit(
                        new TopicPartition("t", partition),
                        batch,
                        random.nextBoolean() ? LZ4 : PRODUCER,
                        helpers,
                        prepared -> {
                            assertInstanceOf(BatchPreparation.Ready.class, prepared);
                            appended.get(partition).add(number);
                        });
                // The frame that a batch came in is used again as soon as its request has been handled.
                batch.put(0, new byte[batch.limit()]);
                while (!helpers.working.isEmpty() && random.chance(0.4))
                    helpers.working
                            .remove(random.nextInt(helpers.working.size()))
                            .run();
            }
            while (!helpers.working.isEmpty())
                helpers.working.remove(random.nextInt(helpers.working.size())).run();
            assertEquals(expected, appended);
            assertEquals(order.recompressedBatches() > 0, order.bytesAfter() > 0);
        });
    }

    @Test
    void whatNeedsNothingIsHandedOnAtOnceWithoutACopy() {
        Helpers helpers = new Helpers();
        ByteBuffer batch = Batches.of("a");
        List<ByteBuffer> given = new ArrayList<>();
        new AppendOrder().submit(new TopicPartition("t", 0), batch, PRODUCER, helpers, prepared -> {
            if (prepared instanceof BatchPreparation.Ready ready) given.add(ready.batch());
        });
        assertEquals(1, given.size());
        assertSame(batch, given.get(0));
    }

    @Test
    void aLaneWorksItselfWhenTooMuchIsWaiting() {
        AppendOrder order = new AppendOrder();
        Helpers helpers = new Helpers();
        List<Integer> appended = new ArrayList<>();
        for (int i = 0; i < 9; i++) {
            int number = i;
            order.submit(
                    new TopicPartition("t", i),
                    Batches.ofSize(9 << 20),
                    LZ4,
                    helpers,
                    prepared -> appended.add(number));
        }
        assertEquals(7, helpers.working.size());
        assertEquals(List.of(7, 8), appended);
    }

    @Test
    void aFailedHelperIsAnsweredAndHoldsNobodyUp() {
        AppendOrder order = new AppendOrder();
        Helpers helpers = new Helpers();
        helpers.fail = true;
        List<ErrorCode> errors = new ArrayList<>();
        for (int i = 0; i < 2; i++)
            order.submit(
                    new TopicPartition("t", 0),
                    Batches.of("a"),
                    i == 0 ? LZ4 : PRODUCER,
                    helpers,
                    prepared -> errors.add(
                            prepared instanceof BatchPreparation.Refused refused
                                    ? refused.refusal().error()
                                    : ErrorCode.NONE));
        assertEquals(List.of(), errors);
        helpers.working.remove(0).run();
        assertEquals(List.of(ErrorCode.UNKNOWN_SERVER_ERROR, ErrorCode.NONE), errors);
    }
}
