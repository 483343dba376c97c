package io.millrace.storage.compaction;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.testkit.Property;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.BitSet;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;
import org.junit.jupiter.api.Test;

class LatestOffsetsTest {
    @Test
    void theHashIsSipHash() {
        // From the reference implementation's vectors: key 00..0f, messages of 0 and of 1 byte.
        assertEquals("a3817f04ba25a8e66df67214c7550293", hash(new byte[0]));
        assertEquals("da87c1d86b99af44347659119b22fc45", hash(new byte[1]));
    }

    private static String hash(byte[] message) {
        KeyHash hash = new KeyHash(0x0706050403020100L, 0x0f0e0d0c0b0a0908L);
        hash.of(message, 0, message.length);
        ByteBuffer bytes =
                ByteBuffer.allocate(16).putLong(Long.reverseBytes(hash.low())).putLong(Long.reverseBytes(hash.high()));
        return HexFormat.of().formatHex(bytes.array());
    }

    @Test
    void aMapKnowsTheLastOffsetOfEveryKeyWhereverItsBytesAre() {
        Property.check(20, random -> {
            int keys = random.nextInt(1, 40_000);
            LatestOffsets latest =
                    new LatestOffsets(random.nextLong(), random.nextLong(), 1L << 30, 0.9, keys + random.nextInt(10));
            Map<String, Long> model = new HashMap<>();
            KeyBlock block = latest.block();
            for (int i = 0; i < 2 * keys; i++) {
                String key = "key-" + random.nextInt(keys);
                add(block, key, i, random.nextBoolean());
                model.put(key, (long) i);
                if (block.isFull() || random.nextInt(100) == 0 || i == 2 * keys - 1) {
                    latest.put(block);
                    block.clear();
                }
            }
            assertEquals(model.size(), latest.keyCount());
            for (int i = 0; i < keys; i++) {
                long last = model.getOrDefault("key-" + i, -1L);
                add(block, "key-" + i, last, random.nextBoolean());
                add(block, "key-" + i, last - 1, random.nextBoolean());
                add(block, "key-" + i, last + 1, random.nextBoolean());
                BitSet isLatest = new BitSet();
                latest.findLatest(block, isLatest, 4);
                block.clear();
                assertEquals("{4, 6}", isLatest.toString());
            }
        });
    }

    private static void add(KeyBlock block, String key, long offset, boolean direct) {
        ByteBuffer bytes = bytes(key, direct);
        block.add(bytes, 3, bytes.limit() - 3, offset);
    }

    private static ByteBuffer bytes(String key, boolean direct) {
        byte[] text = ("???" + key).getBytes(StandardCharsets.UTF_8);
        return (direct ? ByteBuffer.allocateDirect(text.length) : ByteBuffer.allocate(text.length))
                .put(text)
                .flip();
    }

    @Test
    void aMapTakesWhatItsRoomSaysAndNoMoreMemoryThanAllowed() {
        LatestOffsets latest = new LatestOffsets(1, 2, 1000 * LatestOffsets.ENTRY_BYTES, 0.9, Long.MAX_VALUE);
        assertEquals(900, latest.room());
        for (int i = 0; latest.room() > 0; i++) {
            KeyBlock block = latest.block();
            add(block, "" + i, i, false);
            latest.put(block);
        }
        assertEquals(900, latest.keyCount());
        assertTrue(new LatestOffsets(1, 2, 1 << 20, 0.9, 10).room() < 20);
    }
}
