package io.millrace.protocol;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.millrace.protocol.messages.ApiVersionsRequest;
import io.millrace.protocol.messages.MetadataRequest;
import io.millrace.protocol.messages.OffsetFetchRequest;
import java.nio.ByteBuffer;
import org.apache.kafka.common.message.ApiVersionsRequestData;
import org.apache.kafka.common.message.MetadataRequestData;
import org.apache.kafka.common.message.OffsetFetchRequestData;
import org.apache.kafka.common.protocol.ByteBufferAccessor;
import org.apache.kafka.common.protocol.MessageUtil;
import org.junit.jupiter.api.Test;

/** The caps that 4.4 puts on what a request may hold: the last that is taken and the first that is not are Kafka's. */
class DecodeCapsTest {
    private static ByteBuffer topics(int count, int wordBytes) {
        return ByteBuffer.allocate(4 + count * wordBytes + 8).putInt(0, count);
    }

    private static ByteBuffer tagged(int count) {
        ByteBuffer request = ByteBuffer.allocate(100_000);
        VarInt.writeUnsigned(request, 1);
        VarInt.writeUnsigned(request, 1);
        VarInt.writeUnsigned(request, count);
        for (int tag = 0; tag < count; tag++) {
            VarInt.writeUnsigned(request, tag);
            VarInt.writeUnsigned(request, 0);
        }
        return request.flip();
    }

    @Test
    void anArrayHasAMillionElementsAtMost() {
        int most = MessageUtil.MAX_ARRAY_LENGTH;
        assertEquals(most, ProtocolReader.MAX_ARRAY_ELEMENTS);
        for (int count : new int[] {most, most + 1}) {
            boolean isTaken = count == most;
            assertEquals(
                    isTaken,
                    isRead(() -> new MetadataRequestData(new ByteBufferAccessor(topics(count, 2)), (short) 1)));
            assertEquals(isTaken, isRead(() -> MetadataRequest.read(new ProtocolReader(topics(count, 2)), 1)));
        }
    }

    @Test
    void soHasAnArrayWithinAnother() {
        for (int count : new int[] {MessageUtil.MAX_ARRAY_LENGTH, MessageUtil.MAX_ARRAY_LENGTH + 1}) {
            ByteBuffer request = ByteBuffer.allocate(2 + 4 + 2 + 4 + 4 * count);
            request.putShort((short) 0)
                    .putInt(1)
                    .putShort((short) 0)
                    .putInt(count)
                    .rewind();
            boolean isTaken = count == MessageUtil.MAX_ARRAY_LENGTH;
            assertEquals(
                    isTaken,
                    isRead(() -> new OffsetFetchRequestData(new ByteBufferAccessor(request.duplicate()), (short) 1)));
            assertEquals(isTaken, isRead(() -> OffsetFetchRequest.read(new ProtocolReader(request.duplicate()), 1)));
        }
    }

    @Test
    void aStructHasTenThousandTaggedFieldsAtMost() {
        int most = MessageUtil.MAX_TAGGED_FIELD_COUNT;
        assertEquals(most, ProtocolReader.MAX_TAGGED_FIELDS);
        for (int count : new int[] {most, most + 1}) {
            assertEquals(
                    count == most,
                    isRead(() -> new ApiVersionsRequestData(new ByteBufferAccessor(tagged(count)), (short) 3)));
            assertEquals(count == most, isRead(() -> ApiVersionsRequest.read(new ProtocolReader(tagged(count)), 3)));
        }
    }

    private static boolean isRead(Runnable reading) {
        try {
            reading.run();
            return true;
        } catch (RuntimeException refused) {
            return false;
        }
    }
}
