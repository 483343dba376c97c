package io.millrace.server.partitions;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.environment.OpenMode;
import io.millrace.metadata.ConfigResource;
import io.millrace.protocol.ApiKey;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.messages.ConfigRecord;
import io.millrace.protocol.messages.DescribeLogDirsRequest;
import io.millrace.protocol.messages.DescribeLogDirsResponse;
import io.millrace.records.TopicPartition;
import io.millrace.server.fixture.Batches;
import io.millrace.server.fixture.MemoryDisk;
import io.millrace.server.fixture.RecordedExchange;
import io.millrace.server.fixture.TestBroker;
import io.millrace.server.handlers.DescribeLogDirsHandler;
import io.millrace.server.storage.LogDirectories;
import io.millrace.server.storage.SpaceReserve;
import io.millrace.server.storage.SpaceWatch;
import io.millrace.storage.AppendOrigin;
import io.millrace.storage.AppendOutcome;
import io.millrace.storage.PartitionLog;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Replicas are moved to another log directory. */
class LaneMovesTest {
    private static final Path OTHER = Path.of("/other");
    private static final TopicPartition NAME = new TopicPartition("t", 0);
    private static final String RATE = "replica.alter.log.dirs.io.max.bytes.per.second";

    private final TestBroker broker = broker(new MemoryDisk());

    private static TestBroker broker(MemoryDisk disk) {
        return new TestBroker(2, disk, Map.of(), List.of(TestBroker.DIRECTORY, OTHER));
    }

    private static ErrorCode ask(TestBroker broker, TopicPartition name, String path) {
        ErrorCode[] answer = {ErrorCode.UNKNOWN_SERVER_ERROR};
        BrokerLane owner = broker.home().ownerOf(name);
        owner.run(() -> answer[0] = owner.applier().moves().request(name, path));
        broker.time.run();
        return answer[0];
    }

    private static void rate(TestBroker broker, long bytesPerSecond) {
        broker.publish(ConfigRecord.builder()
                .resourceType(ConfigResource.Type.BROKER.code())
                .resourceName("")
                .name(RATE)
                .value(Long.toString(bytesPerSecond))
                .build());
    }

    private static void fill(TestBroker broker, int batches) {
        for (int i = 0; i < batches; i++) broker.partition("t", 0).append(Batches.ofSize(1_000), AppendOrigin.CLIENT);
        broker.time.run();
    }

    private static List<String> in(TestBroker broker, Path directory) {
        try {
            return broker.disk.list(directory).stream()
                    .filter(name -> name.startsWith("t-"))
                    .toList();
        } catch (java.io.IOException e) {
            throw new AssertionError(e);
        }
    }

    private static DescribeLogDirsResponse.DescribeLogDirsResult describe(TestBroker broker, Path directory) {
        RecordedExchange<DescribeLogDirsResponse> exchange = new RecordedExchange<>(ApiKey.DESCRIBE_LOG_DIRS, 5);
        broker.onHome(() -> new DescribeLogDirsHandler(broker.home(), broker.directories)
                .handle(DescribeLogDirsRequest.builder().topics(null).build(), exchange));
        return exchange.reply().results().stream()
                .filter(result -> result.logDir().equals(directory.toString()))
                .findFirst()
                .orElseThrow();
    }

    @Test
    void theLogIsInTheOtherDirectoryAndNowhereElse() {
        broker.create("t", 1, "segment.bytes", "1048576", "file.delete.delay.ms", "100");
        fill(broker, 2_000);
        long end = broker.partition("t", 0).log().logEndOffset();
        assertEquals(ErrorCode.NONE, ask(broker, NAME, OTHER.toString()));
        PartitionLog log = broker.partition("t", 0).log();
        assertEquals(OTHER.resolve("t-0"), log.directory());
        assertEquals(end, log.logEndOffset());
        assertEquals(end, broker.partition("t", 0).highWatermark());
        fill(broker, 3);
        assertEquals(end + 3, log.logEndOffset());
        broker.time.advance(1_000);
        assertEquals(List.of(), in(broker, TestBroker.DIRECTORY));
        assertEquals(List.of("t-0"), in(broker, OTHER));
        assertEquals(List.of(), broker.failures);
    }

    @Test
    void whileItIsCopiedTheReplicaServesAndTheCopyIsDescribed() {
        broker.create("t", 1);
        rate(broker, 100_000);
        fill(broker, 1_000);
        assertEquals(ErrorCode.NONE, ask(broker, NAME, OTHER.toString()));
        broker.time.advance(3_000);
        fill(broker, 1);
        var copy = describe(broker, OTHER).topics().getFirst().partitions().getFirst();
        assertTrue(copy.isFutureKey());
        assertEquals(1_001, copy.offsetLag());
        assertTrue(copy.partitionSize() > 100_000 && copy.partitionSize() < 500_000, "" + copy.partitionSize());
        assertEquals(ErrorCode.NONE, ask(broker, NAME, OTHER.toString()));
        rate(broker, Long.MAX_VALUE);
        broker.time.advance(3_000);
        assertEquals(OTHER.resolve("t-0"), broker.partition("t", 0).log().directory());
        assertEquals(1_001, broker.partition("t", 0).log().logEndOffset());
    }

    @Test
    void aWriterThatIsFasterThanTheHelpersDoesNotKeepTheMoveFromItsEnd() {
        TestBroker busy = new TestBroker(1, new MemoryDisk(), Map.of(), List.of(TestBroker.DIRECTORY, OTHER));
        busy.create("t", 1, "segment.bytes", "4194304");
        for (int i = 0; i < 10; i++) busy.partition("t", 0).append(Batches.ofSize(500_000), AppendOrigin.CLIENT);
        busy.time.run();
        int[] written = {0};
        int most = 1_000;
        // A helper's slice of 1 MB takes three turns of the lane, and in each of them as much is appended as this.
        Runnable writer = new Runnable() {
            @Override
            public void run() {
                boolean hasMoved = busy.partition("t", 0).log().directory().startsWith(OTHER);
                if (hasMoved || written[0] == most) return;
                busy.partition("t", 0).append(Batches.ofSize(500_000), AppendOrigin.CLIENT);
                written[0]++;
                busy.homeThread().execute(this);
            }
        };
        busy.homeThread().execute(writer);
        assertEquals(ErrorCode.NONE, ask(busy, NAME, OTHER.toString()));
        PartitionLog log = busy.partition("t", 0).log();
        assertEquals(OTHER.resolve("t-0"), log.directory());
        assertTrue(written[0] < most, "the writer had to end before the move could");
        assertEquals(10 + written[0], log.logEndOffset());
        assertEquals(10 + written[0], busy.partition("t", 0).highWatermark());
        assertEquals(List.of(), busy.failures);
        busy.close();
        TestBroker next = broker(busy.disk);
        next.directories.atStart().leftovers().forEach(Runnable::run);
        next.create("t", 1, "segment.bytes", "4194304");
        next.time.advance(1_000);
        assertEquals(10 + written[0], next.partition("t", 0).log().logEndOffset());
    }

    @Test
    void aRateBelowTheWritersIsRaisedSoThatTheMoveEnds() {
        broker.create("t", 1, "segment.bytes", "1048576");
        rate(broker, 100_000);
        fill(broker, 1_000);
        assertEquals(ErrorCode.NONE, ask(broker, NAME, OTHER.toString()));
        int seconds = 0;
        while (!broker.partition("t", 0).log().directory().startsWith(OTHER)) {
            fill(broker, 500);
            broker.time.advance(1_000);
            assertTrue(seconds++ < 120, () -> "still behind after 60 MB more");
        }
        assertTrue(seconds > 10, "what was there at first is copied at the rate");
        assertEquals(1_000 + seconds * 500, broker.partition("t", 0).log().logEndOffset());
    }

    @Test
    void askingForThePresentDirectoryEndsTheMove() {
        broker.create("t", 1);
        rate(broker, 100_000);
        fill(broker, 1_000);
        ask(broker, NAME, OTHER.toString());
        broker.time.advance(2_000);
        assertEquals(1, in(broker, OTHER).size());
        assertEquals(ErrorCode.NONE, ask(broker, NAME, TestBroker.DIRECTORY.toString()));
        broker.time.advance(10_000);
        assertEquals(List.of(), in(broker, OTHER));
        assertEquals(List.of("t-0"), in(broker, TestBroker.DIRECTORY));
        fill(broker, 1);
        assertEquals(ErrorCode.NONE, ask(broker, NAME, OTHER.toString()));
        rate(broker, Long.MAX_VALUE);
        broker.time.advance(10_000);
        assertEquals(OTHER.resolve("t-0"), broker.partition("t", 0).log().directory());
    }

    @Test
    void theCopyGoesWithADeletedTopic() {
        broker.create("t", 1, "file.delete.delay.ms", "100");
        rate(broker, 100_000);
        fill(broker, 1_000);
        ask(broker, NAME, OTHER.toString());
        broker.time.advance(2_000);
        broker.delete("t");
        broker.time.advance(20_000);
        assertEquals(List.of(), in(broker, OTHER));
        assertEquals(List.of(), in(broker, TestBroker.DIRECTORY));
        assertEquals(List.of(), broker.failures);
    }

    @Test
    void aRestartGoesOnWithTheMove() {
        broker.create("t", 1, "segment.bytes", "1048576");
        rate(broker, 500_000);
        fill(broker, 3_000);
        ask(broker, NAME, OTHER.toString());
        broker.time.advance(4_000);
        broker.close();
        assertEquals(1, in(broker, OTHER).size());
        TestBroker next = broker(broker.disk);
        next.create("t", 1, "segment.bytes", "1048576");
        next.time.advance(1_000);
        assertEquals(OTHER.resolve("t-0"), next.partition("t", 0).log().directory());
        assertEquals(3_000, next.partition("t", 0).log().logEndOffset());
        assertEquals(0, next.disk.openFiles() - next.partition("t", 0).log().openFileCount());
    }

    @Test
    void ofTwoLogsThatARestartFindsTheCopyCountsIfItWasSealed() throws Exception {
        broker.create("t", 1);
        fill(broker, 10);
        ask(broker, NAME, OTHER.toString());
        fill(broker, 5);
        broker.close();
        // As if the original had not lost its name.
        String aside = in(broker, TestBroker.DIRECTORY).getFirst();
        broker.disk.rename(TestBroker.DIRECTORY.resolve(aside), TestBroker.DIRECTORY.resolve("t-0"));
        TestBroker next = broker(broker.disk);
        next.directories.atStart().leftovers().forEach(Runnable::run);
        next.create("t", 1);
        assertEquals(15, next.partition("t", 0).log().logEndOffset());
        assertEquals(OTHER.resolve("t-0"), next.partition("t", 0).log().directory());
        assertEquals(List.of(), in(next, TestBroker.DIRECTORY));
    }

    private static SpaceWatch watch(TestBroker broker, long reserveBytes) {
        SpaceWatch watch = new SpaceWatch(
                broker.directories,
                new SpaceReserve(reserveBytes, 2),
                broker.homeThread(),
                broker.time,
                new SpaceWatch.Changes() {
                    @Override
                    public void shrunk(LogDirectories.InUse directory) {}

                    @Override
                    public void grown(LogDirectories.InUse directory) {}
                },
                broker.failures::add);
        watch.lookNow();
        broker.onHome(watch::start);
        return watch;
    }

    @Test
    void aCopyStopsAheadOfTheReserveAndGoesOnWhenThereIsSpace() {
        long reserveBytes = 1 << 20;
        broker.create("t", 1, "segment.bytes", "1048576", "file.delete.delay.ms", "100");
        fill(broker, 3_000);
        broker.disk.capacity(OTHER, 3 << 20);
        SpaceWatch watch = watch(broker, reserveBytes);
        ask(broker, NAME, OTHER.toString());
        broker.time.advance(30_000);
        LogDirectories.InUse other = broker.directories.at(OTHER.toString()).orElseThrow();
        long left = broker.disk.usableBytes(OTHER);
        assertTrue(left >= reserveBytes + reserveBytes / 4 && left < 2 * reserveBytes, left + " bytes are left");
        assertTrue(broker.directories.spaceOf(other).isOpen(), "records are taken there");
        fill(broker, 1);
        assertEquals(3_001, broker.partition("t", 0).highWatermark());
        assertEquals(
                TestBroker.DIRECTORY.resolve("t-0"),
                broker.partition("t", 0).log().directory());
        broker.disk.capacity(OTHER, 30 << 20);
        broker.time.advance(30_000);
        assertEquals(OTHER.resolve("t-0"), broker.partition("t", 0).log().directory());
        assertEquals(3_001, broker.partition("t", 0).log().logEndOffset());
        assertEquals(List.of(), in(broker, TestBroker.DIRECTORY));
        // The moved log asks for the room of its new directory.
        broker.disk.capacity(OTHER, 3 << 20);
        broker.time.advance(6_000);
        assertInstanceOf(
                AppendOutcome.Refused.class,
                broker.partition("t", 0).append(Batches.ofSize(1_000), AppendOrigin.CLIENT));
        assertEquals(List.of(), broker.failures);
        broker.onHome(watch::stop);
    }

    @Test
    void aCopyThatWaitsForSpaceCanBeGivenUp() {
        broker.create("t", 1);
        fill(broker, 3_000);
        broker.disk.capacity(OTHER, 3 << 20);
        SpaceWatch watch = watch(broker, 1 << 20);
        ask(broker, NAME, OTHER.toString());
        broker.time.advance(10_000);
        assertEquals(1, in(broker, OTHER).size());
        assertEquals(ErrorCode.NONE, ask(broker, NAME, TestBroker.DIRECTORY.toString()));
        broker.time.advance(10_000);
        assertEquals(List.of(), in(broker, OTHER));
        assertEquals(0, broker.disk.openFiles() - broker.partition("t", 0).log().openFileCount());
        broker.onHome(watch::stop);
    }

    /** One write or new name after the other is the first that a full disk refuses, until the move needs no more of them. */
    @Test
    void whateverAFullDiskRefusesOfACopyIsDoneAgain() {
        int taken = 0;
        while (isDoneAgainIfRefusedAfter(taken)) taken++;
        assertTrue(taken > 20, "a move is more than " + taken + " writes and names");
    }

    /** Whether there was anything left to refuse. */
    private static boolean isDoneAgainIfRefusedAfter(int taken) {
        TestBroker broker = broker(new MemoryDisk());
        SpaceWatch watch = watch(broker, 1 << 20);
        broker.create("t", 1, "segment.bytes", "65536", "file.delete.delay.ms", "100");
        fill(broker, 150);
        broker.disk.refuseAfter(OTHER, taken, 2);
        assertEquals(ErrorCode.NONE, ask(broker, NAME, OTHER.toString()));
        if (broker.disk.refusalsLeft() == 2) return false;
        // A producer snapshot, say, is not needed; but the disk has to take what is appended after a move.
        boolean isMoved = broker.partition("t", 0).log().directory().startsWith(OTHER);
        if (isMoved) broker.disk.refuse(OTHER, 0);
        fill(broker, 5);
        broker.time.advance(20_000);
        broker.onHome(watch::stop);
        assertEquals(List.of(), broker.failures, () -> "refused after " + taken);
        PartitionLog log = broker.partition("t", 0).log();
        assertEquals(OTHER.resolve("t-0"), log.directory(), () -> "refused after " + taken);
        assertEquals(155, log.logEndOffset(), () -> "refused after " + taken);
        assertEquals(155, broker.partition("t", 0).highWatermark());
        assertEquals(List.of("t-0"), in(broker, OTHER));
        assertEquals(List.of(), in(broker, TestBroker.DIRECTORY));
        broker.close();
        TestBroker next = broker(broker.disk);
        next.create("t", 1, "segment.bytes", "65536");
        assertEquals(155, next.partition("t", 0).log().logEndOffset(), () -> "refused after " + taken);
        return true;
    }

    @Test
    void whatCannotBeDoneIsAnsweredAsApacheAnswersIt() {
        broker.create("t", 1);
        assertEquals(ErrorCode.LOG_DIR_NOT_FOUND, ask(broker, NAME, "/nowhere"));
        assertEquals(ErrorCode.LOG_DIR_NOT_FOUND, ask(broker, NAME, OTHER + "/"));
        assertEquals(
                ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, ask(broker, new TopicPartition("nope", 0), OTHER.toString()));
        assertEquals(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, ask(broker, new TopicPartition("t", 7), OTHER.toString()));
        assertEquals(
                ErrorCode.INVALID_TOPIC_EXCEPTION,
                ask(broker, new TopicPartition("t".repeat(245), 0), OTHER.toString()));
        broker.directories.placement().cordon(List.of(OTHER.toString()));
        assertEquals(ErrorCode.INVALID_REPLICA_ASSIGNMENT, ask(broker, NAME, OTHER.toString()));
        assertTrue(describe(broker, OTHER).isCordoned());
        broker.directories.fence(broker.directories.at(OTHER.toString()).orElseThrow());
        assertEquals(ErrorCode.KAFKA_STORAGE_ERROR, ask(broker, NAME, OTHER.toString()));
    }

    @Test
    void newReplicasPassOverACordonedDirectoryAndGoWhereTheyWereWanted() {
        LogDirectories directories = broker.directories;
        io.millrace.protocol.Uuid none = io.millrace.metadata.DirectoryIds.UNASSIGNED;
        directories.placement().cordon(List.of(TestBroker.DIRECTORY.toString()));
        List<Path> places = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            LogDirectories.InUse place = directories
                    .placement()
                    .placeFor(new TopicPartition("u", i), none, false)
                    .orElseThrow();
            places.add(place.directory().path());
        }
        assertEquals(List.of(OTHER, OTHER, OTHER), places);
        directories.placement().cordon(List.of());
        directories.placement().prefer(NAME, directories.at(OTHER.toString()).orElseThrow());
        assertEquals(
                OTHER,
                directories
                        .placement()
                        .placeFor(NAME, none, false)
                        .orElseThrow()
                        .directory()
                        .path());
        assertEquals(
                TestBroker.DIRECTORY,
                directories
                        .placement()
                        .placeFor(NAME, none, false)
                        .orElseThrow()
                        .directory()
                        .path());
    }

    @Test
    void aCopyThatIsDamagedOnTheWayIsGivenUpAndTheReplicaStays() throws Exception {
        broker.create("t", 1);
        fill(broker, 100);
        Path log = TestBroker.DIRECTORY.resolve("t-0/00000000000000000000.log");
        try (var file = broker.disk.open(log, OpenMode.READ_WRITE)) {
            file.write(40_000, java.nio.ByteBuffer.wrap(new byte[100]));
        }
        assertEquals(ErrorCode.NONE, ask(broker, NAME, OTHER.toString()));
        broker.time.advance(1_000);
        assertEquals(
                TestBroker.DIRECTORY.resolve("t-0"),
                broker.partition("t", 0).log().directory());
        assertEquals(List.of(), in(broker, OTHER));
        assertEquals(List.of(), broker.failures);
    }
}
