package io.millrace.replication.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.records.BatchBuilder;
import io.millrace.records.BatchHeader;
import io.millrace.records.Compression;
import io.millrace.records.ControlRecord;
import io.millrace.records.ControlRecords;
import io.millrace.records.TimestampType;
import io.millrace.replication.FollowerRequest;
import io.millrace.storage.ActiveProducer;
import io.millrace.storage.LeaderEpochs;
import io.millrace.storage.PartitionLog;
import io.millrace.testkit.Property;
import io.millrace.testkit.SeededRandom;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/**
 * Two replicas with real logs on disks that lose power, one of which leads at a time. The follower is elected only while it is in sync, as by a
 * controller. What was committed stays, and in the end both logs have the same bytes.
 */
class FollowerStoryTest {
    private static final int STEPS = 120;

    private static final class Story {
        private final SeededRandom random;
        private final List<StoryBroker> brokers;
        private final boolean forgets;
        private final TreeMap<Long, Integer> committed = new TreeMap<>();
        private int leader;
        private int epoch = 1;
        private boolean isInSync;
        private int written;
        private final Map<Long, Integer> sequences = new HashMap<>();
        private long openProducer = -1;

        Story(SeededRandom random) {
            this.random = random;
            forgets = random.nextBoolean();
            Map<String, String> properties = Map.of(
                    "segment.bytes", random.pick("300", "2000", "1000000"),
                    "index.interval.bytes", random.pick("1", "4096"),
                    "flush.messages", random.pick("1", "7", "9223372036854775807"),
                    "file.delete.delay.ms", "0");
            brokers = List.of(new StoryBroker(random.split(), properties), new StoryBroker(random.split(), properties));
            leader().lead(epoch);
            followerBroker().follow(epoch);
        }

        private StoryBroker leader() {
            return brokers.get(leader);
        }

        private StoryBroker followerBroker() {
            return brokers.get(1 - leader);
        }

        void step() {
            switch (random.nextInt(14)) {
                case 0, 1, 2 -> append();
                case 3, 4, 5, 6, 7 -> fetch();
                case 8 -> followerBroker().lane.run();
                case 9 -> brokers.get(random.nextInt(2)).writeCheckpoints();
                case 10 -> followerBroker().force();
                case 11 -> cutPower();
                case 12 -> elect();
                case 13 -> {
                    if (forgets) forget();
                }
                default -> throw new AssertionError();
            }
        }

        private void append() {
            for (int batches = random.nextInt(1, 4); batches > 0; batches--) {
                if (openProducer >= 0 && random.chance(0.3)) {
                    leader().append(
                                    ControlRecords.endTransactionBatch(
                                            0,
                                            -1,
                                            1_000,
                                            openProducer,
                                            (short) 0,
                                            new ControlRecord.EndTransaction(random.nextBoolean(), 1)),
                                    epoch);
                    openProducer = -1;
                    continue;
                }
                long producer = random.pick(-1L, 5L, 6L);
                boolean isTransactional = producer == 6;
                int records = random.nextInt(1, 4);
                int sequence = producer < 0 ? -1 : sequences.getOrDefault(producer, 0);
                if (producer >= 0) sequences.put(producer, sequence + records);
                if (isTransactional) openProducer = producer;
                Compression codec = random.pick(Compression.NONE, Compression.GZIP);
                BatchBuilder builder = new BatchBuilder(
                        codec,
                        codec.defaultLevel(),
                        TimestampType.CREATE_TIME,
                        0,
                        producer,
                        (short) (producer < 0 ? -1 : 0),
                        sequence,
                        -1,
                        isTransactional,
                        false);
                for (int i = 0; i < records; i++)
                    builder.append(
                            1_700_000_000_000L,
                            null,
                            ByteBuffer.wrap(("value " + written++ + random.word(random.nextInt(1, 40)))
                                    .getBytes(StandardCharsets.UTF_8)),
                            List.of());
                leader().append(builder.build(), epoch);
            }
            commit();
        }

        /** What a leader counts: everything that all in sync have. */
        private void commit() {
            long end = leader().log().logEndOffset();
            if (isInSync) end = Math.min(end, followerBroker().log().logEndOffset());
            long before = leader().highWatermark();
            leader().committed(end);
            for (long offset = before; offset < leader().highWatermark(); offset++)
                committed.put(offset, contentAt(leader(), offset));
        }

        private static int contentAt(StoryBroker broker, long offset) {
            return broker.read(offset, 1).hashCode();
        }

        private void fetch() {
            followerBroker().lane.pass(random.nextInt(600));
            FollowerPartition follower = followerBroker().follower();
            Optional<FollowerRequest> request = follower.next();
            if (request.isEmpty()) return;
            long before = follower.log().logEndOffset();
            boolean isCut = random.chance(0.1);
            if (isCut
                    && request.get() instanceof FollowerRequest.Fetch fetch
                    && before < leader().log().logEndOffset()
                    && before >= leader().log().logStartOffset()
                    && fetch.lastFetchedEpoch() == leader().log().epochAt(Math.max(0, before - 1)))
                follower.fetched(fetch, leader().highWatermark(), leader().log().logStartOffset(), spoilt(before));
            else leader().answer(request.get(), epoch, random.pick(1, 100, 1_000, 1_000_000), follower);
            if (random.chance(0.7)) followerBroker().lane.run();
            isInSync |= follower.log().logEndOffset() == leader().log().logEndOffset()
                    && follower.log().latestEpoch() == leader().log().latestEpoch();
            commit();
        }

        private ByteBuffer spoilt(long from) {
            ByteBuffer bytes = leader().read(from, 2_000);
            ByteBuffer copy = ByteBuffer.allocate(bytes.remaining())
                    .put(bytes.duplicate())
                    .flip();
            if (random.nextBoolean()) return copy.limit(random.nextInt(copy.limit()));
            int at = random.nextInt(
                    17, BatchHeader.sizeBytes(copy, 0)); // Of others, offset and epoch are in no checksum.
            return copy.put(at, (byte) (copy.get(at) ^ 4));
        }

        private void cutPower() {
            isInSync = false;
            followerBroker().losePower();
            followerBroker().follow(epoch);
            commit();
        }

        private void elect() {
            epoch++;
            StoryBroker before = leader();
            if (isInSync) leader = 1 - leader;
            leader().lead(epoch);
            if (before != leader()) {
                openProducer = leader().log().hasOpenTransaction(6, (short) 0) ? 6 : -1;
                if (random.nextBoolean()) before.losePower();
            }
            isInSync = false;
            followerBroker().follow(epoch);
            commit();
        }

        private void forget() {
            PartitionLog log = leader().log();
            if (log.logStartOffset() == leader().highWatermark()) return;
            log.deleteRecordsBefore(random.nextLong(log.logStartOffset(), leader().highWatermark() + 1));
            if (random.nextBoolean()) log.expire(leader().lane.wallMs()).forEach(deletion -> deletion.run());
            committed.headMap(log.logStartOffset()).clear();
        }

        void nothingCommittedIsLost() {
            committed.forEach((offset, content) -> {
                assertTrue(
                        offset < leader().log().logEndOffset(),
                        () -> offset + " was committed and is not in the log of the leader");
                assertEquals(content, contentAt(leader(), offset), () -> "what was committed at " + offset);
            });
        }

        void comeToRest() {
            for (int turns = 0; turns < 1_000; turns++) {
                followerBroker().lane.pass(1_001);
                followerBroker().writeCheckpoints();
                Optional<FollowerRequest> request = followerBroker().follower().next();
                request.ifPresent(
                        one -> leader().answer(one, epoch, 500, followerBroker().follower()));
                followerBroker().lane.run();
                boolean isThere = followerBroker().log().logEndOffset()
                                == leader().log().logEndOffset()
                        && epochsOf(followerBroker().log()).equals(epochsOf(leader().log()))
                        && followerBroker().highWatermark() == leader().log().logEndOffset()
                        && followerBroker().log().logStartOffset()
                                >= leader().log().logStartOffset();
                isInSync |= isThere;
                commit();
                if (isThere) return;
            }
            throw new AssertionError("the follower ends at "
                    + followerBroker().log().logEndOffset() + " with epochs "
                    + followerBroker().log().leaderEpochs() + ", the leader at "
                    + leader().log().logEndOffset() + " with " + leader().log().leaderEpochs());
        }

        void logsAgree() {
            PartitionLog ours = followerBroker().log();
            PartitionLog theirs = leader().log();
            assertEquals(theirs.logStartOffset(), ours.logStartOffset());
            for (long offset = theirs.logStartOffset(); offset < theirs.logEndOffset(); offset++) {
                long at = offset;
                assertEquals(leader().read(at, 1), followerBroker().read(at, 1), () -> "the batch with offset " + at);
            }
            assertEquals(epochsOf(theirs), epochsOf(ours));
            // Whoever read its log anew knows of a producer only what its start has left.
            if (forgets) return;
            assertEquals(theirs.lastStableOffset(), ours.lastStableOffset());
            assertEquals(openOf(theirs), openOf(ours));
        }

        /** Those with records: that a leader has begun whose log has got none since, only its own log says. */
        private static List<LeaderEpochs.Entry> epochsOf(PartitionLog log) {
            return log.leaderEpochs().stream()
                    .filter(entry -> entry.startOffset() < log.logEndOffset())
                    .toList();
        }

        private static List<Object> openOf(PartitionLog log) {
            return log.activeProducers().stream()
                    .filter(one -> one.currentTransactionFirstOffset() >= 0)
                    .sorted(Comparator.comparingLong(ActiveProducer::producerId))
                    .<Object>map(
                            one -> List.of(one.producerId(), one.lastSequence(), one.currentTransactionFirstOffset()))
                    .toList();
        }
    }

    @Test
    void aFollowersLogEqualsItsLeadersWhateverBefell() {
        Property.check(60, random -> {
            Story story = new Story(random);
            for (int step = 0; step < STEPS; step++) {
                story.step();
                if (step % 10 == 0) story.nothingCommittedIsLost();
            }
            story.nothingCommittedIsLost();
            story.comeToRest();
            story.nothingCommittedIsLost();
            story.logsAgree();
        });
    }
}
