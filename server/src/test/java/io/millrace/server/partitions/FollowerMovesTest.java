package io.millrace.server.partitions;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.metadata.ConfigResource;
import io.millrace.metadata.MetadataImage;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.MetadataRecord;
import io.millrace.protocol.Uuid;
import io.millrace.protocol.messages.ConfigRecord;
import io.millrace.protocol.messages.PartitionRecord;
import io.millrace.records.BatchHeader;
import io.millrace.records.OffsetAndEpoch;
import io.millrace.records.TopicPartition;
import io.millrace.replication.FollowerAnswer;
import io.millrace.replication.FollowerRequest;
import io.millrace.replication.run.FollowerPartition;
import io.millrace.replication.run.LocalReplica;
import io.millrace.server.fixture.Batches;
import io.millrace.server.fixture.MemoryDisk;
import io.millrace.server.fixture.TestBroker;
import io.millrace.storage.AppendOrigin;
import io.millrace.storage.PartitionLog;
import io.millrace.storage.ReadOutcome;
import io.millrace.testkit.Property;
import io.millrace.testkit.SeededRandom;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** A replica that follows is moved to another log directory. The leaders it follows are the test. */
class FollowerMovesTest {
    private static final Path OTHER = Path.of("/other");
    private static final TopicPartition T0 = new TopicPartition("t", 0);
    private static final Pattern VALUE = Pattern.compile("<(\\d+)>");
    private static final int VALUE_BYTES = 3_000;

    /** Broker 1 with what its log is to hold: the number and the epoch of each record. */
    private static final class Replica {
        record Written(int number, int epoch) {}

        final MemoryDisk disk;
        final List<Written> written;
        TestBroker broker;
        int epoch;
        int leader;
        private int next;

        Replica(MemoryDisk disk) {
            this.disk = disk;
            this.written = new ArrayList<>();
            this.broker = start();
        }

        private TestBroker start() {
            TestBroker made = new TestBroker(1, disk, Map.of(), List.of(TestBroker.DIRECTORY, OTHER));
            made.home().applier().followers().fetchBy(new LeaderFetches() {
                @Override
                public void follow(Uuid topicId, FollowerPartition partition, int leaderBroker) {}

                @Override
                public void leave(FollowerPartition partition) {}

                @Override
                public void brokersChanged(MetadataImage image) {}

                @Override
                public void throttleChanged() {}

                @Override
                public void close() {}
            });
            made.home()
                    .applier()
                    .followers()
                    .checkpointBy(then -> made.homeThread().execute(then));
            return made;
        }

        void create(int firstLeader) {
            leader = firstLeader;
            epoch = Math.max(4, epoch + 1);
            List<MetadataRecord> records = new ArrayList<>(List.of(TestBroker.topicRecords(
                    "t", TestBroker.idOf("t"), 0, "segment.bytes", "1048576", "file.delete.delay.ms", "100")));
            records.add(partition());
            broker.publish(records.toArray(MetadataRecord[]::new));
        }

        private PartitionRecord partition() {
            return PartitionRecord.builder()
                    .topicId(TestBroker.idOf("t"))
                    .partitionId(0)
                    .replicas(List.of(1, 2))
                    .isr(List.of(1, 2))
                    .leader(leader)
                    .leaderEpoch(epoch)
                    .partitionEpoch(epoch)
                    .build();
        }

        /** Another broker, or the same one, leads from now on. */
        void leads(int newLeader) {
            leader = newLeader;
            epoch++;
            broker.publish(partition());
        }

        void restart() {
            broker.close();
            broker = start();
            broker.directories.atStart().leftovers().forEach(Runnable::run);
            create(leader);
        }

        private LocalReplica replica() {
            LocalReplica found = broker.home().partitions().replica(T0);
            if (found == null) throw new AssertionError("t-0 is not open");
            return found;
        }

        PartitionLog log() {
            return replica().log();
        }

        private ByteBuffer batch() {
            String value = "<" + next + ">";
            return Batches.of(value + "x".repeat(VALUE_BYTES - value.length()));
        }

        /** One record more, from the leader that is followed or from a client. */
        void write() {
            if (replica() instanceof FollowerPartition follower) {
                FollowerRequest.Fetch request = fetch(follower);
                if (request == null) return;
                ByteBuffer batch = batch();
                BatchHeader.setBaseOffset(batch, 0, request.fetchOffset());
                BatchHeader.setPartitionLeaderEpoch(batch, 0, epoch);
                broker.homeThread().as(() -> follower.fetched(request, 0, 0, batch));
            } else broker.homeThread().as(() -> broker.partition("t", 0).append(batch(), AppendOrigin.CLIENT));
            written.add(new Written(next++, epoch));
        }

        private FollowerRequest.@Nullable Fetch fetch(FollowerPartition follower) {
            broker.time.run();
            Optional<FollowerRequest> asked = follower.next();
            if (asked.isEmpty()) {
                broker.time.advance(2_000);
                asked = follower.next();
            }
            return (FollowerRequest.Fetch) asked.orElse(null);
        }

        /** The leader that is followed has only so many of the records. */
        void cutTo(int count) {
            if (!(replica() instanceof FollowerPartition follower) || count >= written.size()) return;
            FollowerRequest.Fetch request = fetch(follower);
            if (request == null) return;
            int epochBefore = count == 0 ? 0 : written.get(count - 1).epoch();
            broker.homeThread()
                    .as(() -> follower.answered(
                            request, new FollowerAnswer.Diverges(new OffsetAndEpoch(count, epochBefore))));
            written.subList(count, written.size()).clear();
            broker.time.run();
        }

        ErrorCode move(Path to) {
            ErrorCode[] answer = {ErrorCode.UNKNOWN_SERVER_ERROR};
            broker.homeThread()
                    .as(() -> answer[0] = broker.home().applier().moves().request(T0, to.toString()));
            return answer[0];
        }

        void rate(long bytesPerSecond) {
            broker.publish(ConfigRecord.builder()
                    .resourceType(ConfigResource.Type.BROKER.code())
                    .resourceName("")
                    .name("replica.alter.log.dirs.io.max.bytes.per.second")
                    .value(Long.toString(bytesPerSecond))
                    .build());
        }

        void holdsWhatWasWritten() {
            PartitionLog log = log();
            StringBuilder text = new StringBuilder();
            for (long offset = 0; offset < log.logEndOffset(); ) {
                if (!(log.read(offset, 1 << 20, true, log.logEndOffset()) instanceof ReadOutcome.Slice slice))
                    throw new AssertionError(offset + " is not in the log");
                String found = StandardCharsets.ISO_8859_1
                        .decode(slice.records().toBuffer())
                        .toString();
                slice.records().release();
                long count = VALUE.matcher(found).results().count();
                assertTrue(count > 0, "nothing at " + offset);
                text.append(found);
                offset += count;
            }
            List<Integer> numbers = VALUE.matcher(text)
                    .results()
                    .map((MatchResult each) -> Integer.valueOf(each.group(1)))
                    .toList();
            assertEquals(written.stream().map(Written::number).toList(), numbers);
            assertEquals(List.of(), broker.failures);
        }

        List<String> in(Path directory) {
            try {
                return disk.list(directory).stream()
                        .filter(name -> name.startsWith("t-"))
                        .toList();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        void isWholeAt(Path directory) {
            holdsWhatWasWritten();
            assertEquals(directory.resolve("t-0"), log().directory());
            assertEquals(List.of("t-0"), in(directory));
            Path left = directory.equals(OTHER) ? TestBroker.DIRECTORY : OTHER;
            assertEquals(List.of(), in(left));
        }
    }

    private final Replica replica = new Replica(new MemoryDisk());

    private void fill(int records) {
        for (int i = 0; i < records; i++) replica.write();
    }

    @Test
    void aFollowerIsMovedWhileItsLeaderSends() {
        replica.create(2);
        fill(1_000);
        replica.rate(1_000_000);
        List<Uuid> told = new ArrayList<>();
        replica.broker.directories.placement().whenPlaced((topicId, partition, directoryId) -> told.add(directoryId));
        assertEquals(ErrorCode.NONE, replica.move(OTHER));
        replica.broker.time.advance(1_000);
        assertEquals(1, replica.broker.home().applier().moves().copies().size());
        assertEquals(List.of(), told);
        for (int i = 0; i < 100; i++) {
            replica.write();
            replica.broker.time.advance(50);
        }
        replica.broker.time.advance(2_000);
        replica.isWholeAt(OTHER);
        // From there the controller is told (AssignReplicasToDirs).
        assertEquals(
                List.of(replica.broker
                        .directories
                        .at(OTHER.toString())
                        .orElseThrow()
                        .id()),
                told);
        fill(3);
        replica.holdsWhatWasWritten();
        replica.restart();
        replica.broker.time.advance(1_000);
        replica.isWholeAt(OTHER);
    }

    @Test
    void aMoveGoesOnWhenItsFollowerLeadsAndItsLeaderFollows() {
        replica.create(2);
        fill(1_000);
        replica.rate(1_000_000);
        assertEquals(ErrorCode.NONE, replica.move(OTHER));
        for (int leader : List.of(1, 1, 2, 1, 2)) {
            replica.broker.time.advance(300);
            replica.leads(leader);
            fill(5);
        }
        var copy = replica.broker.home().applier().moves().copies().getFirst();
        assertTrue(copy.sizeBytes() > 1_000_000, copy::toString);
        replica.broker.time.advance(5_000);
        replica.isWholeAt(OTHER);
    }

    @Test
    void aCopyOfALogThatIsCutIsBegunAnew() {
        replica.create(2);
        fill(1_000);
        replica.rate(1_000_000);
        assertEquals(ErrorCode.NONE, replica.move(OTHER));
        replica.broker.time.advance(1_500);
        replica.leads(2);
        replica.cutTo(400);
        replica.broker.time.run();
        fill(700);
        assertTrue(replica.broker.home().applier().moves().copies().getFirst().sizeBytes() < 1_000_000);
        replica.broker.time.advance(10_000);
        replica.isWholeAt(OTHER);
    }

    @Test
    void aRestartGoesOnWithTheMoveOfAFollower() {
        replica.create(2);
        fill(1_500);
        replica.rate(500_000);
        assertEquals(ErrorCode.NONE, replica.move(OTHER));
        replica.broker.time.advance(5_000);
        replica.restart();
        fill(2);
        replica.broker.time.advance(1_000);
        replica.isWholeAt(OTHER);
    }

    @Test
    void aReplicaThatIsTakenAwayLeavesNoCopy() {
        replica.create(2);
        fill(1_000);
        replica.rate(100_000);
        assertEquals(ErrorCode.NONE, replica.move(OTHER));
        replica.broker.time.advance(2_000);
        replica.broker.publish(replica.partition().toBuilder()
                .replicas(List.of(2))
                .isr(List.of(2))
                .leaderEpoch(9)
                .partitionEpoch(9)
                .build());
        replica.broker.time.advance(20_000);
        assertEquals(List.of(), replica.in(OTHER));
        assertEquals(List.of(), replica.in(TestBroker.DIRECTORY));
        assertEquals(List.of(), replica.broker.failures);
    }

    @Test
    void whateverHappensAmidMovesTheLogHoldsWhatItHeld() {
        Property.check(10, FollowerMovesTest::story);
    }

    private static void story(SeededRandom random) {
        Replica replica = new Replica(new MemoryDisk());
        replica.create(1 + random.nextInt(2));
        for (int i = 0; i < 300; i++) replica.write();
        for (int step = 0; step < 60; step++) {
            switch (random.nextInt(12)) {
                case 0 -> replica.leads(1 + random.nextInt(2));
                case 1 -> {
                    replica.leads(2);
                    replica.cutTo(Math.max(0, replica.written.size() - random.nextInt(600)));
                }
                case 2 -> replica.move(random.nextInt(3) == 0 ? TestBroker.DIRECTORY : OTHER);
                case 3 -> replica.rate(100_000L << random.nextInt(6));
                case 4 -> {
                    if (random.nextInt(4) == 0) replica.restart();
                }
                case 5, 6 -> replica.broker.time.advance(random.nextInt(2_000));
                case 7 -> replica.broker.homeThread().runTasks();
                default -> {
                    int count = random.nextInt(120);
                    for (int i = 0; i < count; i++) replica.write();
                }
            }
        }
        replica.holdsWhatWasWritten();
        replica.move(OTHER);
        replica.rate(Long.MAX_VALUE);
        replica.broker.time.advance(120_000);
        replica.isWholeAt(OTHER);
        replica.restart();
        replica.broker.time.advance(1_000);
        replica.isWholeAt(OTHER);
    }
}
