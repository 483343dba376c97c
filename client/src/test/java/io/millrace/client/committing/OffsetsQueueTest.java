package io.millrace.client.committing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.client.CommittedOffset;
import io.millrace.client.cluster.RetryBackoff;
import io.millrace.protocol.ErrorCode;
import io.millrace.records.TopicPartition;
import io.millrace.testkit.Property;
import io.millrace.testkit.SeededRandom;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class OffsetsQueueTest {
    private static final int PARTITIONS = 4;
    private static final long FAR_MS = 1_000_000_000;
    private static final Committer MEMBER = new Committer("m", 3, null);

    private static TopicPartition partition(int index) {
        return new TopicPartition(index % 2 == 0 ? "even" : "odd", index);
    }

    private static CommittedOffset at(long offset) {
        return new CommittedOffset(offset, -1, "");
    }

    @Test
    void commitsTakeEffectInOrderAndQuestionsSeeThoseBeforeThemWhateverIsLost() {
        Property.check(500, random -> {
            Story story = new Story(random, false);
            story.run(80);
            for (Story.Asked each : story.all)
                assertEquals(
                        ErrorCode.NONE, Objects.requireNonNull(each.outcome).error(), "nothing is refused here");
            assertEquals(story.lastAsked, story.committed);
        });
    }

    @Test
    void everyCallEndsOnceAndInTimeThoughSomeAreRefused() {
        Property.check(500, random -> new Story(random, true).run(80));
    }

    /** A queue, its coordinator, and all that can go wrong between them. */
    private static final class Story {
        /** A call, and what was known when it was asked. */
        static final class Asked {
            final Map<TopicPartition, Long> offsets;
            final long deadlineMs;

            @Nullable
            OffsetsOutcome outcome;

            Asked(Map<TopicPartition, Long> offsets, long deadlineMs) {
                this.offsets = offsets;
                this.deadlineMs = deadlineMs;
            }
        }

        final SeededRandom random;
        final boolean isHarsh;
        final OffsetsQueue queue;
        final List<Asked> all = new ArrayList<>();
        final Map<TopicPartition, Long> committed = new HashMap<>();
        final Map<TopicPartition, Long> lastAsked = new HashMap<>();

        @Nullable
        OffsetsRequest wire;

        @Nullable
        OffsetsAnswer answer;

        long nowMs = 1_000;
        long nextOffset;
        boolean isHealed;

        Story(SeededRandom random, boolean isHarsh) {
            this.random = random;
            this.isHarsh = isHarsh;
            this.queue = new OffsetsQueue("g", new RetryBackoff(random.nextInt(20), 100));
        }

        void run(int callCount) {
            int left = callCount;
            while (left > 0) {
                switch (random.nextInt(8)) {
                    case 0, 1, 2 -> {
                        ask();
                        left--;
                    }
                    case 3, 4 -> send();
                    case 5 -> process();
                    case 6 -> hear();
                    default -> pass(random.nextInt(30));
                }
            }
            isHealed = true;
            for (int turn = 0; all.stream().anyMatch(each -> each.outcome == null); turn++) {
                assertTrue(turn < 10_000, "it comes to an end");
                send();
                process();
                hear();
                pass(queue.hasNext(nowMs) ? 0 : Math.max(1, queue.dueMs(nowMs) - nowMs));
            }
        }

        void ask() {
            boolean isCommit = random.nextInt(3) != 0;
            Committer by = random.nextInt(3) == 0 ? MEMBER : Committer.NOBODY;
            Map<TopicPartition, Long> offsets = new HashMap<>();
            Map<TopicPartition, CommittedOffset> committing = new HashMap<>();
            Map<TopicPartition, Long> seenBefore = new HashMap<>();
            for (int i = 0; i < 1 + random.nextInt(3); i++) {
                TopicPartition partition = partition(random.nextInt(PARTITIONS));
                offsets.put(partition, ++nextOffset);
                committing.put(partition, at(nextOffset));
            }
            long deadlineMs = nowMs + (isHarsh ? random.nextInt(300) : FAR_MS);
            Asked asked = new Asked(offsets, deadlineMs);
            List<Asked> before = List.copyOf(all);
            all.add(asked);
            if (isCommit) {
                lastAsked.putAll(offsets);
                end(queue.add(OffsetsCall.commit(committing, by, deadlineMs, outcome -> {
                    assertNull(asked.outcome, "it ends once");
                    asked.outcome = outcome;
                    if (outcome.error() != ErrorCode.NONE) return;
                    offsets.forEach((partition, offset) ->
                            assertTrue(committed.getOrDefault(partition, -1L) >= offset, "it is committed"));
                })));
                return;
            }
            asked.offsets.replaceAll((partition, offset) -> -1L); // It commits nothing.
            end(queue.add(OffsetsCall.question(offsets.keySet(), by, deadlineMs, outcome -> {
                assertNull(asked.outcome, "it ends once");
                asked.outcome = outcome;
                if (outcome.error() != ErrorCode.NONE) return;
                for (Asked each : before) {
                    OffsetsOutcome its = each.outcome;
                    if (its == null || its.error() != ErrorCode.NONE) continue;
                    each.offsets.forEach((partition, offset) -> seenBefore.merge(partition, offset, Math::max));
                }
                for (TopicPartition each : offsets.keySet()) {
                    CommittedOffset found = outcome.offsets().get(each);
                    long least = seenBefore.getOrDefault(each, -1L);
                    assertTrue((found == null ? -1 : found.offset()) >= least, "it sees the commits before it");
                }
            })));
        }

        void end(List<OffsetsQueue.Ending> endings) {
            for (OffsetsQueue.Ending each : endings) each.call().then().accept(each.outcome());
        }

        void send() {
            if (wire != null || answer != null || !queue.hasNext(nowMs)) return;
            OffsetsRequest request = queue.next(nowMs);
            assertNotNull(request, "there is what was said to be there");
            assertFalse(queue.hasNext(nowMs), "one is under way at a time");
            assertNull(queue.next(nowMs));
            wire = request;
        }

        void process() {
            OffsetsRequest request = wire;
            if (request == null) return;
            wire = null;
            if (isUnlucky()) {
                lost();
                return;
            }
            Map<TopicPartition, ErrorCode> errors = new HashMap<>();
            Map<TopicPartition, CommittedOffset> found = new HashMap<>();
            request.offsets().forEach((partition, offset) -> {
                ErrorCode error = isUnlucky() ? error() : ErrorCode.NONE;
                errors.put(partition, error);
                if (error != ErrorCode.NONE) return;
                if (request.isCommit()) {
                    Long before = committed.put(partition, offset.offset());
                    assertTrue(before == null || before <= offset.offset(), "no commit undoes a later one");
                } else if (committed.containsKey(partition)) {
                    found.put(partition, at(committed.get(partition)));
                }
            });
            answer = new OffsetsAnswer(errors, found);
        }

        boolean isUnlucky() {
            return !isHealed && random.nextInt(4) == 0;
        }

        ErrorCode error() {
            List<ErrorCode> passing = List.of(
                    ErrorCode.NOT_COORDINATOR,
                    ErrorCode.COORDINATOR_LOAD_IN_PROGRESS,
                    ErrorCode.UNSTABLE_OFFSET_COMMIT,
                    ErrorCode.REQUEST_TIMED_OUT);
            List<ErrorCode> lasting = List.of(ErrorCode.ILLEGAL_GENERATION, ErrorCode.TOPIC_AUTHORIZATION_FAILED);
            return isHarsh && random.nextInt(3) == 0
                    ? lasting.get(random.nextInt(lasting.size()))
                    : passing.get(random.nextInt(passing.size()));
        }

        void hear() {
            OffsetsAnswer said = answer;
            if (said == null) return;
            answer = null;
            if (isUnlucky()) lost();
            else end(queue.answered(said, nowMs, random.nextLong()));
        }

        void lost() {
            if (isHarsh && random.nextInt(5) == 0) end(queue.refused(ErrorCode.UNSUPPORTED_VERSION, "no version"));
            else queue.unanswered("cut", nowMs, random.nextLong());
        }

        void pass(long ms) {
            nowMs += ms;
            end(queue.expire(nowMs));
            for (Asked each : all)
                assertTrue(each.outcome != null || each.deadlineMs > nowMs, "it has ended when its time is over");
        }
    }

    private final List<OffsetsOutcome> outcomes = new ArrayList<>();

    private OffsetsCall commit(Map<TopicPartition, CommittedOffset> offsets) {
        return OffsetsCall.commit(offsets, Committer.NOBODY, FAR_MS, outcomes::add);
    }

    private void end(List<OffsetsQueue.Ending> endings) {
        for (OffsetsQueue.Ending each : endings) each.call().then().accept(each.outcome());
    }

    @Test
    void commitsThatWaitInARowGoInOneRequestAndFareByTheirOwnPartitions() {
        OffsetsQueue queue = new OffsetsQueue("g", new RetryBackoff(10, 10));
        end(queue.add(commit(Map.of(partition(0), at(1)))));
        end(queue.add(commit(Map.of(partition(0), at(2), partition(1), at(5)))));
        OffsetsRequest request = Objects.requireNonNull(queue.next(0));
        assertEquals(Map.of(partition(0), at(2), partition(1), at(5)), request.offsets());
        end(queue.answered(
                new OffsetsAnswer(
                        Map.of(partition(0), ErrorCode.NONE, partition(1), ErrorCode.TOPIC_AUTHORIZATION_FAILED),
                        Map.of()),
                0,
                0));
        assertEquals(
                List.of(ErrorCode.NONE, ErrorCode.TOPIC_AUTHORIZATION_FAILED),
                outcomes.stream().map(OffsetsOutcome::error).toList());
        assertEquals(
                Map.of(partition(1), ErrorCode.TOPIC_AUTHORIZATION_FAILED),
                outcomes.getLast().errors());
    }

    @Test
    void whatOneMemberCommitsDoesNotGoWithWhatAnotherDid() {
        OffsetsQueue queue = new OffsetsQueue("g", new RetryBackoff(10, 10));
        end(queue.add(commit(Map.of(partition(0), at(1)))));
        end(queue.add(OffsetsCall.commit(Map.of(partition(0), at(2)), MEMBER, FAR_MS, outcomes::add)));
        assertEquals(Committer.NOBODY, Objects.requireNonNull(queue.next(0)).by());
    }

    @Test
    void aPartitionThatTheCoordinatorIsSilentAboutIsNotTakenForDone() {
        OffsetsQueue queue = new OffsetsQueue("g", new RetryBackoff(10, 10));
        end(queue.add(commit(Map.of(partition(0), at(1)))));
        assertNotNull(queue.next(0));
        end(queue.answered(new OffsetsAnswer(Map.of(), Map.of()), 0, 0));
        assertEquals(ErrorCode.UNKNOWN_SERVER_ERROR, outcomes.getFirst().error());
    }

    @Test
    void whoeverCommitsForAGroupThatIsForgottenIsNoMemberOfIt() {
        assertTrue(OffsetsOutcome.failed(ErrorCode.GROUP_ID_NOT_FOUND, "").isOfNoMember());
        assertTrue(OffsetsOutcome.failed(ErrorCode.UNKNOWN_MEMBER_ID, "").isOfNoMember());
        assertFalse(OffsetsOutcome.failed(ErrorCode.REBALANCE_IN_PROGRESS, "").isOfNoMember());
        assertFalse(OffsetsOutcome.NOTHING.isOfNoMember());
    }

    @Test
    void whatWaitsIsBounded() {
        OffsetsQueue queue = new OffsetsQueue("g", new RetryBackoff(10, 10));
        for (int i = 0; i < OffsetsQueue.MOST_CALLS; i++) end(queue.add(commit(Map.of(partition(0), at(i)))));
        assertTrue(outcomes.isEmpty());
        queue.troubledBy("nobody there");
        end(queue.add(commit(Map.of(partition(0), at(0)))));
        assertEquals(ErrorCode.COORDINATOR_NOT_AVAILABLE, outcomes.getFirst().error());
        assertTrue(outcomes.getFirst().sentence().endsWith("last trouble: nobody there"));
    }
}
