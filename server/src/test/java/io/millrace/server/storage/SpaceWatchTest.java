package io.millrace.server.storage;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.protocol.ErrorCode;
import io.millrace.server.fixture.Batches;
import io.millrace.server.fixture.TestBroker;
import io.millrace.storage.AppendOrigin;
import io.millrace.storage.AppendOutcome;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A small disk of 8 MB, of which 2 MB are in reserve, under several lanes. */
class SpaceWatchTest {
    private static final int RESERVE_BYTES = 2 << 20;
    private static final int BATCH_BYTES = 900_000;

    private final TestBroker broker = new TestBroker(4);
    private final LogDirectories.InUse use = broker.directories.online().getFirst();
    private final List<String> changes = new ArrayList<>();
    private final SpaceWatch watch = watch();

    private SpaceWatch watch() {
        broker.disk.capacity(TestBroker.DIRECTORY, 8 << 20);
        broker.create("t", 1, "max.message.bytes", "8388608");
        SpaceWatch made = new SpaceWatch(
                broker.directories,
                new SpaceReserve(RESERVE_BYTES, 2),
                broker.homeThread(),
                broker.time,
                new SpaceWatch.Changes() {
                    @Override
                    public void shrunk(LogDirectories.InUse directory) {
                        changes.add("shrunk");
                    }

                    @Override
                    public void grown(LogDirectories.InUse directory) {
                        changes.add("grown");
                    }
                },
                broker.failures::add);
        made.lookNow();
        broker.onHome(made::start);
        return made;
    }

    private AppendOutcome append(int bytes) {
        AppendOutcome outcome = broker.partition("t", 0).append(Batches.ofSize(bytes), AppendOrigin.CLIENT);
        broker.time.advance(2_000);
        return outcome;
    }

    private long freeBytes() {
        return broker.disk.usableBytes(TestBroker.DIRECTORY);
    }

    @Test
    void withLessRoomForALaneThanABatchADirectoryIsReadOnlyAndSaidToBe() {
        while (append(BATCH_BYTES) instanceof AppendOutcome.Appended) assertTrue(freeBytes() > 0);
        assertTrue(freeBytes() >= RESERVE_BYTES, "it is not the reserve that is reached");
        assertFalse(broker.directories.spaceOf(use).isOpen());
        assertEquals(List.of("shrunk"), changes);
        broker.disk.capacity(TestBroker.DIRECTORY, (8 << 20) + BATCH_BYTES / 2);
        assertInstanceOf(AppendOutcome.Refused.class, append(BATCH_BYTES));
        broker.time.advance(10_000);
        assertEquals(List.of("shrunk"), changes, "it does not go to and fro");
        broker.disk.capacity(TestBroker.DIRECTORY, 16 << 20);
        broker.time.advance(2_000);
        assertInstanceOf(AppendOutcome.Appended.class, append(BATCH_BYTES));
        assertEquals(List.of("shrunk", "grown"), changes);
        broker.onHome(watch::stop);
    }

    @Test
    void aBatchThatIsVeryLargeIsRefusedAlone() {
        var refused = assertInstanceOf(AppendOutcome.Refused.class, append(4 << 20));
        assertEquals(ErrorCode.KAFKA_STORAGE_ERROR, refused.error());
        assertTrue(broker.directories.spaceOf(use).isOpen());
        assertInstanceOf(AppendOutcome.Appended.class, append(100_000));
    }
}
