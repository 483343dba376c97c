package io.millrace.records;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.github.luben.zstd.Zstd;
import com.github.luben.zstd.ZstdOutputStream;
import io.millrace.testkit.Property;
import io.millrace.testkit.SeededRandom;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.util.Arrays;
import java.util.zip.GZIPOutputStream;
import net.jpountz.lz4.LZ4FrameOutputStream;
import net.jpountz.lz4.LZ4FrameOutputStream.BLOCKSIZE;
import net.jpountz.lz4.LZ4FrameOutputStream.FLG;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.xerial.snappy.Snappy;
import org.xerial.snappy.SnappyOutputStream;

/** Every codec over plain bytes: all legal forms, damage, and data that claims or becomes too much. */
class CodecTest {
    private static final int PLENTY = 64 << 20;

    private interface Wrapper {
        OutputStream wrap(OutputStream out) throws IOException;
    }

    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "NONE")
    void readsBackWhatItWrote(Compression compression) {
        Property.check(60, random -> {
            byte[] content = content(random);
            assertArrayEquals(content, decompress(compression, compress(compression, content), PLENTY));
        });
    }

    @ParameterizedTest
    @EnumSource(names = {"SNAPPY", "LZ4", "ZSTD"})
    void aBlockIsPackedInTheRoomItBeginsWith(Compression compression) {
        Property.check(60, random -> {
            byte[] content = content(random);
            if (content.length > 32 << 10) content = Arrays.copyOf(content, 32 << 10);
            Scratch out = new Scratch(new byte[Codec.firstRoom(compression, content.length)], PLENTY);
            byte[] room = out.bytes();
            Codec.compress(compression, content, 0, content.length, compression.defaultLevel(), out);
            assertSame(room, out.bytes());
        });
    }

    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "NONE")
    void exactlyTheBoundIsAllowedAndOneByteLessIsNot(Compression compression) {
        Property.check(40, random -> {
            byte[] content = content(random);
            if (content.length == 0) return;
            byte[] packed = compress(compression, content);
            assertArrayEquals(content, decompress(compression, packed, content.length));
            InvalidBatch refused =
                    assertThrows(InvalidBatch.class, () -> decompress(compression, packed, content.length - 1));
            assertTrue(String.valueOf(refused.getMessage()).contains("allowed"), refused.getMessage());
        });
    }

    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "NONE")
    void everyTruncationIsRefusedUnlessItEndsAWholePart(Compression compression) {
        Property.check(10, random -> {
            byte[] content = random.compressibleBytes(random.nextInt(1, 400));
            byte[] packed = compress(compression, content);
            for (int size = 0; size < packed.length; size++) {
                byte[] cut = Arrays.copyOf(packed, size);
                // Snappy's framing has no end mark, so the bare header stands for nothing at all.
                if (compression == Compression.SNAPPY && size == 16) continue;
                assertThrows(InvalidBatch.class, () -> decompress(compression, cut, PLENTY));
            }
        });
    }

    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "NONE")
    void damageIsRefusedOrUnpacksWithinTheBound(Compression compression) {
        Property.check(500, random -> {
            byte[] packed = compress(compression, random.compressibleBytes(random.nextInt(1, 2000)));
            for (int flips = random.nextInt(1, 8); flips > 0; flips--)
                packed[random.nextInt(packed.length)] = (byte) random.nextInt();
            tryToDecompress(compression, packed);
        });
    }

    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "NONE")
    void noiseIsRefusedOrUnpacksWithinTheBound(Compression compression) {
        byte[] start = Arrays.copyOf(compress(compression, new byte[100]), 7);
        Property.check(500, random -> {
            byte[] noise = random.bytes(random.nextInt(1, 300));
            if (random.nextBoolean()) System.arraycopy(start, 0, noise, 0, Math.min(noise.length, start.length));
            tryToDecompress(compression, noise);
        });
    }

    private static void tryToDecompress(Compression compression, byte[] packed) {
        int bound = 100_000;
        Scratch out = new Scratch(new byte[0], bound);
        try {
            Codec.decompress(compression, packed, 0, packed.length, out);
        } catch (InvalidBatch refused) {
            assertTrue(String.valueOf(refused.getMessage()).length() > 5);
        }
        assertTrue(out.size() <= bound && out.bytes().length <= bound);
    }

    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "NONE")
    void aBombIsRefusedBeforeItTakesMoreThanTheBound(Compression compression) {
        byte[] bomb = compress(compression, new byte[50 << 20]);
        Scratch out = new Scratch(new byte[0], 1 << 20);
        assertThrows(InvalidBatch.class, () -> Codec.decompress(compression, bomb, 0, bomb.length, out));
        assertTrue(out.bytes().length <= 1 << 20);
        DecompressionLimit limit = new DecompressionLimit(100 << 20, 10, 1 << 16);
        RecordWalk walk = new RecordWalk(limit);
        InvalidBatch refused =
                assertThrows(InvalidBatch.class, () -> walk.begin(BatchBuilders.ofPacked(compression, 1, bomb), 0));
        int allowed = Math.max(1 << 16, 10 * bomb.length);
        if (allowed < 50 << 20)
            assertTrue(String.valueOf(refused.getMessage()).contains(allowed + " bytes allowed"), refused.getMessage());
    }

    @Test
    void everyLz4FrameOfTheReferenceWriterIsRead() {
        Property.check(60, random -> {
            byte[] content = content(random);
            byte[] packed = wrapped(content, random, out -> {
                FLG.Bits[] bits = Arrays.stream(new FLG.Bits[] {
                            FLG.Bits.BLOCK_CHECKSUM, FLG.Bits.CONTENT_CHECKSUM, FLG.Bits.CONTENT_SIZE
                        })
                        .filter(bit -> random.nextBoolean())
                        .toArray(FLG.Bits[]::new);
                FLG.Bits[] all = Arrays.copyOf(bits, bits.length + 1);
                all[bits.length] = FLG.Bits.BLOCK_INDEPENDENCE;
                return new LZ4FrameOutputStream(out, random.pick(BLOCKSIZE.values()), content.length, all);
            });
            assertArrayEquals(content, decompress(Compression.LZ4, packed, PLENTY));
            byte[] skippable = {0x53, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 9, 9, 9};
            assertArrayEquals(
                    concat(content, content),
                    decompress(Compression.LZ4, concat(skippable, packed, skippable, packed), PLENTY));
            // Every byte of the frame is under some check only if it has all the checksums; the header always is.
            byte[] damaged = packed.clone();
            damaged[4] ^= 0x04;
            assertThrows(InvalidBatch.class, () -> decompress(Compression.LZ4, damaged, PLENTY));
        });
    }

    @Test
    void lz4ChecksumsAndSizesAreHeldAgainstTheContent() throws IOException {
        byte[] content = new SeededRandom(5).bytes(500);
        for (FLG.Bits bit : new FLG.Bits[] {FLG.Bits.BLOCK_CHECKSUM, FLG.Bits.CONTENT_CHECKSUM}) {
            ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            try (OutputStream out =
                    new LZ4FrameOutputStream(bytes, BLOCKSIZE.SIZE_64KB, -1L, FLG.Bits.BLOCK_INDEPENDENCE, bit)) {
                out.write(content);
            }
            byte[] packed = bytes.toByteArray();
            packed[100] ^= 1; // inside the incompressible block
            InvalidBatch refused = assertThrows(InvalidBatch.class, () -> decompress(Compression.LZ4, packed, PLENTY));
            assertTrue(String.valueOf(refused.getMessage()).endsWith("checksum is wrong"), refused.getMessage());
        }
    }

    @Test
    void linkedLz4BlocksReachIntoTheBlocksBeforeThem() {
        byte[] first = sequence("abcdefgh", 0, 0);
        // From 8 bytes back 8 bytes, then an overlapping run of the last byte, then literals.
        byte[] second = concat(sequence("", 8, 8), sequence("x", 1, 30), sequence("12345", 0, 0));
        byte[] frame = lz4Frame(0x40, first, second);
        assertEquals(
                "abcdefgh" + "abcdefgh" + "x".repeat(31) + "12345",
                new String(decompress(Compression.LZ4, frame, PLENTY), java.nio.charset.StandardCharsets.US_ASCII));
        byte[] tooFar = lz4Frame(0x40, first, concat(sequence("", 9, 8), sequence("12345", 0, 0)));
        assertThrows(InvalidBatch.class, () -> decompress(Compression.LZ4, tooFar, PLENTY));
        byte[] independent = lz4Frame(0x60, first, second);
        assertThrows(InvalidBatch.class, () -> decompress(Compression.LZ4, independent, PLENTY));
    }

    @Test
    void aLinkedBlockUnpacksLikeAnIndependentOne() {
        Property.check(60, random -> {
            byte[] content = random.compressibleBytes(random.nextInt(1, 60_000));
            byte[] packed = compress(Compression.LZ4, content);
            byte[] linked = lz4Frame(0x40, Arrays.copyOfRange(packed, 11, packed.length - 4));
            if ((packed[10] & 0x80) != 0) return; // not packed at all
            assertArrayEquals(content, decompress(Compression.LZ4, linked, PLENTY));
            linked[random.nextInt(11, linked.length - 4)] = (byte) random.nextInt();
            tryToDecompress(Compression.LZ4, linked);
        });
    }

    @Test
    void lz4FramesThatNeedADictionaryAreRefused() {
        byte[] frame = {0x04, 0x22, 0x4d, 0x18, 0x61, 0x40, 1, 0, 0, 0, 0, 0, 0, 0, 0};
        InvalidBatch refused = assertThrows(InvalidBatch.class, () -> decompress(Compression.LZ4, frame, PLENTY));
        assertEquals("lz4 frame asks for a dictionary", refused.getMessage());
    }

    @Test
    void snappyIsReadBareFramedAndConcatenated() {
        Property.check(60, random -> {
            byte[] content = content(random);
            assertArrayEquals(content, decompress(Compression.SNAPPY, Snappy.compress(content), PLENTY));
            byte[] framed = wrapped(
                    content, random, out -> new SnappyOutputStream(out, random.pick(1024, 4096, 32768, 100_000)));
            assertArrayEquals(content, decompress(Compression.SNAPPY, framed, PLENTY));
            assertArrayEquals(concat(content, content), decompress(Compression.SNAPPY, concat(framed, framed), PLENTY));
        });
    }

    @Test
    void aSnappySizeNoBlockCanReachIsNotBelieved() {
        byte[] claims = {(byte) 0xff, (byte) 0xff, (byte) 0xff, 0x3f, 0, 0};
        Scratch out = new Scratch(new byte[0], PLENTY);
        assertThrows(InvalidBatch.class, () -> Codec.decompress(Compression.SNAPPY, claims, 0, claims.length, out));
        assertEquals(0, out.bytes().length);
    }

    @Test
    void gzipMembersWithEveryOptionAreRead() throws IOException {
        byte[] content = new SeededRandom(6).compressibleBytes(3000);
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (OutputStream out = new GZIPOutputStream(bytes)) {
            out.write(content);
        }
        byte[] plain = bytes.toByteArray();
        byte[] options = {2, 0, 7, 7, 'n', 'a', 0, 'c', 0, 1, 2};
        byte[] withOptions = concat(Arrays.copyOf(plain, 10), options, Arrays.copyOfRange(plain, 10, plain.length));
        withOptions[3] = 0x1e;
        assertArrayEquals(concat(content, content), decompress(Compression.GZIP, concat(withOptions, plain), PLENTY));
        for (int last = 1; last <= 8; last++) {
            byte[] damaged = plain.clone();
            damaged[plain.length - last] ^= 1;
            assertThrows(InvalidBatch.class, () -> decompress(Compression.GZIP, damaged, PLENTY));
        }
        assertThrows(InvalidBatch.class, () -> decompress(Compression.GZIP, concat(plain, new byte[20]), PLENTY));
    }

    @Test
    void zstdIsReadStreamedChecksummedAndConcatenated() {
        Property.check(60, random -> {
            byte[] content = content(random);
            byte[] streamed = wrapped(
                    content,
                    random,
                    out -> new ZstdOutputStream(out, random.pick(1, 3, 19)).setChecksum(random.nextBoolean()));
            assertArrayEquals(content, decompress(Compression.ZSTD, streamed, PLENTY));
            byte[] skippable = {0x50, 0x2a, 0x4d, 0x18, 2, 0, 0, 0, 1, 1};
            byte[] both = concat(streamed, skippable, Zstd.compress(content));
            assertArrayEquals(concat(content, content), decompress(Compression.ZSTD, both, PLENTY));
        });
    }

    @Test
    void aZstdFrameThatClaimsMuchCostsOnlyWhatItsBlocksCanHold() {
        // Window of 1 GiB, content size of 2^40, one run-length block of 10 bytes.
        byte[] frame = {
            0x28, (byte) 0xb5, 0x2f, (byte) 0xfd, (byte) 0xc0, (byte) 0xa0, 0, 0, 0, 0, 0, 1, 0, 0, 0x53, 0, 0, 'z'
        };
        assertEquals(10, ZstdFrames.mostUnpackedBytes(frame, 0, frame.length));
        Scratch out = new Scratch(new byte[0], PLENTY);
        assertThrows(InvalidBatch.class, () -> Codec.decompress(Compression.ZSTD, frame, 0, frame.length, out));
        assertTrue(out.bytes().length <= 10);
    }

    @Test
    void levelsAreThoseOfTheirCodec() {
        for (Compression compression : Compression.values()) {
            assertTrue(compression.isLevel(compression.defaultLevel()));
            assertEquals(compression, Compression.forId(compression.id()).orElseThrow());
            assertEquals(compression, Compression.forName(compression.label()).orElseThrow());
            var official = org.apache.kafka.common.record.internal.CompressionType.forName(compression.label());
            assertEquals(official.id, compression.id());
            if (compression.maxLevel() == 0) continue;
            assertEquals(official.maxLevel(), compression.maxLevel());
            assertEquals(official.minLevel(), compression.minLevel());
            assertEquals(official.defaultLevel(), compression.defaultLevel());
        }
        assertThrows(IllegalArgumentException.class, () -> BatchBuilder.forProducer(Compression.GZIP, 10));
        assertTrue(Compression.forId(5).isEmpty());
    }

    private static byte[] content(SeededRandom random) {
        int size = random.pick(0, 1, 100, 65_536, 131_072, random.nextInt(300_000));
        return random.chance(0.2)
                ? random.bytes(size)
                : random.chance(0.1) ? new byte[size] : random.compressibleBytes(size);
    }

    private static byte[] compress(Compression compression, byte[] content) {
        Scratch out = new Scratch(new byte[0], Integer.MAX_VALUE);
        Codec.compress(compression, content, 0, content.length, compression.defaultLevel(), out);
        return Arrays.copyOf(out.bytes(), out.size());
    }

    private static byte[] decompress(Compression compression, byte[] packed, int bound) {
        // Not at the array's start, so that a wrong base is found.
        byte[] shifted = concat(new byte[3], packed, new byte[5]);
        Scratch out = new Scratch(new byte[0], bound);
        Codec.decompress(compression, shifted, 3, packed.length, out);
        return Arrays.copyOf(out.bytes(), out.size());
    }

    private static byte[] wrapped(byte[] content, SeededRandom random, Wrapper wrapper) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (OutputStream out = wrapper.wrap(bytes)) {
            for (int at = 0; at < content.length; ) {
                int count = Math.min(content.length - at, random.nextInt(1, 100_000));
                out.write(content, at, count);
                at += count;
            }
        }
        return bytes.toByteArray();
    }

    /** An LZ4 sequence: literals, then a match of 4 to 273 bytes, or the end if the distance is 0. */
    private static byte[] sequence(String literals, int distance, int matchBytes) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        int match = distance == 0 ? 0 : matchBytes - 4;
        out.write(literals.length() << 4 | Math.min(match, 15));
        out.writeBytes(literals.getBytes(java.nio.charset.StandardCharsets.US_ASCII));
        if (distance == 0) return out.toByteArray();
        out.write(distance);
        out.write(distance >> 8);
        if (match >= 15) out.write(match - 15);
        return out.toByteArray();
    }

    private static byte[] lz4Frame(int flags, byte[]... blocks) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.writeBytes(new byte[] {0x04, 0x22, 0x4d, 0x18, (byte) flags, 0x40});
        int hash = net.jpountz.xxhash.XXHashFactory.fastestInstance()
                .hash32()
                .hash(new byte[] {(byte) flags, 0x40}, 0, 2, 0);
        out.write(hash >> 8);
        for (byte[] block : blocks) {
            for (int shift = 0; shift < 32; shift += 8) out.write(block.length >> shift);
            out.writeBytes(block);
        }
        out.writeBytes(new byte[4]);
        return out.toByteArray();
    }

    private static byte[] concat(byte[]... parts) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        for (byte[] part : parts) out.writeBytes(part);
        return out.toByteArray();
    }
}
