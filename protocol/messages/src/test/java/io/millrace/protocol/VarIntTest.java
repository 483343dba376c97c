package io.millrace.protocol;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.millrace.testkit.Property;
import java.nio.ByteBuffer;
import org.apache.kafka.common.utils.internals.ByteUtils;
import org.junit.jupiter.api.Test;

class VarIntTest {
    @Test
    void numbersAreWrittenAsKafkaWritesThemAndReadBack() {
        Property.check(1000, random -> {
            int value = random.anyInt() >> random.nextInt(32);
            long longValue = random.anyLong() >> random.nextInt(64);
            ByteBuffer ours = ByteBuffer.allocate(32);
            VarInt.writeUnsigned(ours, value);
            VarInt.write(ours, value);
            VarInt.writeLong(ours, longValue);
            ByteBuffer kafkas = ByteBuffer.allocate(32);
            ByteUtils.writeUnsignedVarint(value, kafkas);
            ByteUtils.writeVarint(value, kafkas);
            ByteUtils.writeVarlong(longValue, kafkas);
            assertEquals(kafkas.flip(), ours.flip());
            assertEquals(
                    ours.remaining(),
                    VarInt.sizeOfUnsigned(value) + VarInt.sizeOf(value) + VarInt.sizeOfLong(longValue));
            assertEquals(value, VarInt.readUnsigned(ours));
            assertEquals(value, VarInt.read(ours));
            assertEquals(longValue, VarInt.readLong(ours));
        });
    }

    @Test
    void aCutNumberIsRefused() {
        assertThrows(MalformedMessage.class, () -> VarInt.readUnsigned(bytes()));
        assertThrows(MalformedMessage.class, () -> VarInt.readUnsigned(bytes(0x80, 0xff, 0xff)));
        assertThrows(MalformedMessage.class, () -> VarInt.readLong(bytes(0x80, 0xff, 0xff, 0x80)));
    }

    @Test
    void aNumberOfTooManyBitsIsRefused() {
        assertEquals(-1, VarInt.readUnsigned(bytes(0xff, 0xff, 0xff, 0xff, 0x0f)));
        assertThrows(MalformedMessage.class, () -> VarInt.readUnsigned(bytes(0xff, 0xff, 0xff, 0xff, 0x1f)));
        assertThrows(MalformedMessage.class, () -> VarInt.readUnsigned(bytes(0xff, 0xff, 0xff, 0xff, 0x8f, 1)));
        int[] tenBytes = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1};
        assertEquals(Long.MIN_VALUE, VarInt.readLong(bytes(tenBytes)));
        tenBytes[9] = 2;
        assertThrows(MalformedMessage.class, () -> VarInt.readLong(bytes(tenBytes)));
        tenBytes[9] = 0x81;
        assertThrows(MalformedMessage.class, () -> VarInt.readLong(bytes(tenBytes)));
    }

    private static ByteBuffer bytes(int... values) {
        ByteBuffer buffer = ByteBuffer.allocate(values.length);
        for (int value : values) buffer.put((byte) value);
        return buffer.flip();
    }
}
