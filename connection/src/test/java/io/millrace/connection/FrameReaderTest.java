package io.millrace.connection;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.connection.FrameReader.Progress;
import io.millrace.testkit.Property;
import io.millrace.testkit.SeededRandom;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class FrameReaderTest {
    private static final int MAX_FRAME_BYTES = 3_000_000;

    private final BufferPool pool = BufferPool.poisoning(8 << 20, 64 << 20);
    private final ByteBuffer shared = ByteBuffer.allocateDirect(BufferPool.SMALL_BYTES);
    private final FrameReader reader = new FrameReader(pool, MAX_FRAME_BYTES);
    private final List<byte[]> frames = new ArrayList<>();
    private int framesWanted = Integer.MAX_VALUE;

    private boolean keep(ByteBuffer frame, @Nullable PooledBuffer owner) {
        byte[] copy = new byte[frame.remaining()];
        frame.get(copy);
        frames.add(copy);
        if (owner != null) owner.release();
        return frames.size() < framesWanted;
    }

    /** Offers bytes as a socket would, at most so many per read; stops when the reader does. */
    private Progress feed(ByteBuffer stream, int maxPerRead) {
        Progress progress = new Progress.Going();
        while (stream.hasRemaining() && progress instanceof Progress.Going) {
            ByteBuffer target = reader.target(shared);
            int count = Math.min(Math.min(maxPerRead, target.remaining()), stream.remaining());
            target.put(stream.slice(stream.position(), count));
            stream.position(stream.position() + count);
            progress = reader.filled(target, this::keep);
        }
        return progress;
    }

    private static ByteBuffer stream(List<byte[]> contents) {
        int sizeBytes = 0;
        for (byte[] content : contents) sizeBytes += Integer.BYTES + content.length;
        ByteBuffer stream = ByteBuffer.allocate(sizeBytes);
        for (byte[] content : contents) stream.putInt(content.length).put(content);
        return stream.flip();
    }

    private static byte[] content(SeededRandom random) {
        return switch (random.nextInt(6)) {
            case 0 -> new byte[0];
            case 1, 2 -> random.bytes(random.nextInt(200));
            case 3 -> random.bytes(random.nextInt(40_000));
            case 4 -> random.bytes(random.nextInt(300_000));
            default -> random.bytes(random.nextInt(MAX_FRAME_BYTES));
        };
    }

    @Test
    void framesComeOutAsTheyWentInHoweverTheStreamIsCut() {
        Property.check(40, random -> {
            FrameReaderTest test = new FrameReaderTest();
            List<byte[]> contents = new ArrayList<>();
            int count = 1 + random.nextInt(12);
            for (int i = 0; i < count; i++) contents.add(content(random));
            ByteBuffer stream = stream(contents);
            while (stream.hasRemaining()) {
                int piece = 1 + random.nextInt(random.pick(4, 100, 20_000, 400_000));
                ByteBuffer part = stream.slice(stream.position(), Math.min(piece, stream.remaining()));
                stream.position(stream.position() + part.remaining());
                assertInstanceOf(Progress.Going.class, test.feed(part, 1 + random.nextInt(200_000)));
            }
            assertEquals(count, test.frames.size());
            for (int i = 0; i < count; i++) assertArrayEquals(contents.get(i), test.frames.get(i));
            assertFalse(test.reader.isInFrame());
            assertEquals(0, test.pool.lentBytes(), "between frames a reader holds no buffer");
        });
    }

    @Test
    void aSinkThatPausesGetsEveryFrameOnceWhenItGoesOn() {
        Property.check(40, random -> {
            FrameReaderTest test = new FrameReaderTest();
            List<byte[]> contents = new ArrayList<>();
            int count = 1 + random.nextInt(60);
            for (int i = 0; i < count; i++) contents.add(random.bytes(random.nextInt(i % 10 == 0 ? 150_000 : 3_000)));
            ByteBuffer stream = stream(contents);
            int wanted = 0;
            while (test.frames.size() < count) {
                test.framesWanted = ++wanted;
                Progress progress = new Progress.Going();
                if (test.reader.isHolding()) progress = test.reader.resume(test::keep);
                if (progress instanceof Progress.Going) test.feed(stream, 1 + random.nextInt(100_000));
                assertTrue(test.frames.size() <= wanted);
            }
            for (int i = 0; i < count; i++) assertArrayEquals(contents.get(i), test.frames.get(i));
            assertEquals(0, test.pool.lentBytes());
        });
    }

    @Test
    void aLengthAloneDoesNotGetMemory() {
        ByteBuffer claim = ByteBuffer.allocate(10).putInt(MAX_FRAME_BYTES).rewind();
        feed(claim, 10);
        assertTrue(pool.lentBytes() <= 64 * 1024, () -> pool.lentBytes() + " bytes for a claim");
        feed(ByteBuffer.allocate(100_000), 100_000);
        assertTrue(pool.lentBytes() <= 512 * 1024, () -> pool.lentBytes() + " bytes for 100,000");
    }

    @Test
    void aStreamThatHasSentALargeFrameGetsRoomForTheNextAtOnce() {
        feed(stream(List.of(new byte[1_000_000])), 128 * 1024);
        assertEquals(1, frames.size());
        feed(ByteBuffer.allocate(10).putInt(1_000_000).rewind(), 10);
        assertEquals(1 << 20, pool.lentBytes());
    }

    @Test
    void aLargeFrameWaitsUntilTheBudgetAllowsIt() {
        BufferPool small = BufferPool.poisoning(0, 1 << 20);
        PooledBuffer inUse = small.lend(1 << 20);
        PooledBuffer exempted = small.tryLend(1 << 18, "another").orElseThrow();
        FrameReader waiting = new FrameReader(small, MAX_FRAME_BYTES);
        byte[] content = new SeededRandom(3).bytes(700_000);
        ByteBuffer stream = stream(List.of(content, new byte[] {1}));
        int reads = 0;
        Progress progress = new Progress.Going();
        while (progress instanceof Progress.Going) {
            ByteBuffer target = waiting.target(shared);
            int count = Math.min(target.remaining(), stream.remaining());
            target.put(stream.slice(stream.position(), count));
            stream.position(stream.position() + count);
            progress = waiting.filled(target, this::keep);
            reads++;
        }
        assertInstanceOf(Progress.Starved.class, progress);
        assertTrue(waiting.isHolding());
        assertInstanceOf(Progress.Starved.class, waiting.resume(this::keep));
        int[] retries = {0};
        small.whenLargeReturns(() -> retries[0]++);
        exempted.release();
        assertEquals(1, retries[0]);
        progress = waiting.resume(this::keep);
        while (stream.hasRemaining()) {
            assertInstanceOf(Progress.Going.class, progress, "after " + reads + " reads");
            ByteBuffer target = waiting.target(shared);
            int count = Math.min(target.remaining(), stream.remaining());
            target.put(stream.slice(stream.position(), count));
            stream.position(stream.position() + count);
            progress = waiting.filled(target, this::keep);
        }
        assertEquals(2, frames.size());
        assertArrayEquals(content, frames.get(0));
        inUse.release();
        assertEquals(0, small.lentBytes());
    }

    @Test
    void aNegativeOrTooLargeLengthIsRefusedInOneSentence() {
        feed(stream(List.of(new byte[1])), 100);
        var negative = assertInstanceOf(Progress.Refused.class, feed(ByteBuffer.wrap(new byte[] {-1, 0, 0, 0}), 4));
        assertEquals(
                "sent a frame whose length is negative: -16777216",
                negative.reason().sentence());
        FrameReaderTest other = new FrameReaderTest();
        ByteBuffer length = ByteBuffer.allocate(4).putInt(MAX_FRAME_BYTES + 1).flip();
        var tooLarge = assertInstanceOf(Progress.Refused.class, other.feed(length, 1));
        assertEquals(
                "sent a frame of 3000001 bytes, the most allowed here is 3000000",
                tooLarge.reason().sentence());
    }

    @Test
    void theLimitOfFramesCanBeRaised() {
        FrameReader strict = new FrameReader(pool, 10);
        strict.limitFrames(20);
        ByteBuffer target = strict.target(shared).putInt(15).put(new byte[15]);
        assertInstanceOf(Progress.Going.class, strict.filled(target, this::keep));
        assertEquals(15, frames.get(0).length);
    }

    @Test
    void otherProtocolsAreRecognisedByTheirFirstBytesOnly() {
        byte[] hello = {0x16, 0x03, 0x01, 0x02, 0x00, 0x01};
        assertForeign(ForeignProtocol.TLS, hello);
        for (String line : List.of("GET / HTTP/1.1", "POST /x", "HEAD /", "PUT /y", "DELETE /", "OPTIONS *", "PRI * "))
            assertForeign(ForeignProtocol.HTTP, line.getBytes(StandardCharsets.US_ASCII));
        assertForeign(ForeignProtocol.SSH, "SSH-2.0-OpenSSH".getBytes(StandardCharsets.US_ASCII));
        feed(stream(List.of(new byte[1])), 100);
        assertInstanceOf(Progress.Refused.class, feed(ByteBuffer.wrap(hello), 6));
    }

    private static void assertForeign(ForeignProtocol expected, byte[] firstBytes) {
        var foreign =
                assertInstanceOf(Progress.Foreign.class, new FrameReaderTest().feed(ByteBuffer.wrap(firstBytes), 3));
        assertEquals(expected, foreign.protocol());
    }

    @Test
    void aMillionRandomBytesNeitherThrowNorTakeMemory() {
        Property.check(30, random -> {
            FrameReaderTest test = new FrameReaderTest();
            test.feed(ByteBuffer.wrap(random.bytes(1_000_000)), 1 + random.nextInt(100_000));
            assertTrue(test.pool.lentBytes() <= 8 << 20, () -> test.pool.lentBytes() + " bytes are lent");
            test.reader.release();
            assertEquals(0, test.pool.lentBytes());
        });
    }

    @Test
    void aReaderReleasedByItsSinkKeepsNoBuffer() {
        ByteBuffer stream = stream(List.of(new byte[10], new byte[20], new byte[30]));
        ByteBuffer target = reader.target(shared).put(stream);
        reader.filled(target, (frame, owner) -> {
            reader.release();
            return false;
        });
        assertEquals(0, pool.lentBytes());
    }
}
