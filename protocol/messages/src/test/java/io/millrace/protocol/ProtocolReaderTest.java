package io.millrace.protocol;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.protocol.messages.ApiVersionsRequest;
import io.millrace.protocol.messages.MetadataRequest;
import io.millrace.protocol.messages.ProduceRequest;
import io.millrace.protocol.messages.RequestHeader;
import java.nio.ByteBuffer;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

class ProtocolReaderTest {
    private static ProtocolReader reader(Consumer<ProtocolWriter> content) {
        ProtocolWriter out = new ProtocolWriter();
        content.accept(out);
        return new ProtocolReader(out.finish().toBuffer());
    }

    private static String refusal(ProtocolReader in, Consumer<ProtocolReader> read) {
        return String.valueOf(
                assertThrows(MalformedMessage.class, () -> read.accept(in)).getMessage());
    }

    @Test
    void theExceptionNamesFieldAndPosition() {
        ProtocolReader in = reader(out -> {
            out.writeInt16((short) 7);
            out.writeInt16((short) 100);
        });
        in.readInt16("A.first");
        MalformedMessage refusal = assertThrows(MalformedMessage.class, () -> in.readString("A.second", false));
        assertEquals("A.second", refusal.field());
        assertEquals(4, refusal.position());
        assertEquals("A.second at byte 4: 100 bytes wanted, 0 are left", refusal.getMessage());
    }

    @Test
    void theCallersBufferStaysWhereItIs() {
        ByteBuffer buffer = ByteBuffer.wrap(new byte[] {9, 9, 0, 0, 0, 5, 9}, 2, 4);
        ProtocolReader in = new ProtocolReader(buffer);
        assertEquals(4, in.remaining());
        assertEquals(5, in.readInt32("x"));
        assertEquals(4, in.position());
        assertEquals(2, buffer.position());
        assertThrows(MalformedMessage.class, () -> in.readInt8("y"));
    }

    @Test
    void aCountIsComparedWithTheBytesThatAreLeft() {
        ProtocolReader in = reader(out -> {
            out.writeInt32(3);
            out.writeRaw(new byte[11]);
        });
        assertTrue(
                refusal(in, r -> r.readArrayCount("a", false, 4)).contains("3 elements do not fit the 11 bytes left"));
        assertEquals(
                3,
                reader(out -> {
                            out.writeInt32(3);
                            out.writeRaw(new byte[12]);
                        })
                        .readArrayCount("a", false, 4));
    }

    @Test
    void noMoreThanAMillionElementsAreRead() {
        int most = ProtocolReader.MAX_ARRAY_ELEMENTS;
        byte[] enough = new byte[most + 1];
        assertEquals(
                most,
                reader(out -> {
                            out.writeInt32(most);
                            out.writeRaw(enough);
                        })
                        .readArrayCount("a", false, 1));
        ProtocolReader in = reader(out -> {
            out.writeInt32(most + 1);
            out.writeRaw(enough);
        });
        assertTrue(refusal(in, r -> r.readArrayCount("a", false, 1)).contains("the most is 1000000"));
    }

    @Test
    void nullIsMinusOneAndNothingElseBelowZero() {
        assertEquals(-1, reader(out -> out.writeInt32(-1)).readNullableArrayCount("a", false, 1));
        assertEquals(-1, reader(out -> out.writeUnsignedVarint(0)).readNullableArrayCount("a", true, 1));
        refusal(reader(out -> out.writeInt32(-1)), r -> r.readArrayCount("a", false, 1));
        refusal(reader(out -> out.writeInt32(-2)), r -> r.readNullableArrayCount("a", false, 1));
        refusal(reader(out -> out.writeInt16((short) -2)), r -> r.readNullableString("a", false));
        refusal(reader(out -> out.writeInt16((short) -1)), r -> r.readString("a", false));
        refusal(reader(out -> out.writeInt32(Integer.MIN_VALUE)), r -> r.readNullableBytes("a", false));
        refusal(reader(out -> out.writeUnsignedVarint(-1)), r -> r.readNullableBytes("a", true));
    }

    @Test
    void tagsMustAscend() {
        refusal(taggedFields(1, 1), r -> r.skipTaggedFields("A"));
        refusal(taggedFields(2, 1), r -> r.skipTaggedFields("A"));
        taggedFields(0, 1).skipTaggedFields("A");
    }

    private static ProtocolReader taggedFields(int... tags) {
        return reader(out -> {
            out.writeUnsignedVarint(tags.length);
            for (int tag : tags) {
                out.writeUnsignedVarint(tag);
                out.writeUnsignedVarint(0);
            }
        });
    }

    @Test
    void theNumberOfTaggedFieldsIsBounded() {
        int tooMany = ProtocolReader.MAX_TAGGED_FIELDS + 1;
        ProtocolReader in = reader(out -> {
            out.writeUnsignedVarint(tooMany);
            out.writeRaw(new byte[3 * tooMany]);
        });
        assertTrue(refusal(in, r -> r.skipTaggedFields("A")).contains("10001 tagged fields, the most is 10000"));
        refusal(reader(out -> out.writeUnsignedVarint(1)), r -> r.skipTaggedFields("A"));
    }

    @Test
    void aTaggedFieldMustBeAsLongAsItSays() {
        // Tag 0 of MetadataRequest is unknown, of ApiVersionsRequest too; ProduceRequest's transactional id is not
        // tagged.
        ProtocolReader shorter = reader(out -> {
            out.writeUnsignedVarint(1);
            out.writeUnsignedVarint(7);
            out.writeUnsignedVarint(5);
            out.writeRaw(new byte[4]);
        });
        refusal(shorter, r -> r.skipTaggedFields("A"));
        ByteBuffer fetch = ProtocolWriter.toBuffer(
                io.millrace.protocol.messages.FetchRequest.builder()
                        .clusterId("abc")
                        .build(),
                12);
        int sizeAt = fetch.limit() - 5; // tag 0, size 4, length 4 ("abc" compact): the last six bytes
        assertEquals(4, fetch.get(sizeAt));
        fetch.put(sizeAt, (byte) 3);
        assertTrue(refusal(new ProtocolReader(fetch), r -> io.millrace.protocol.messages.FetchRequest.read(r, 12))
                .contains("FetchRequest.clusterId"));
    }

    @Test
    void recordsAreASliceOfTheInput() {
        ByteBuffer records = ByteBuffer.wrap(new byte[] {1, 2, 3});
        var data = ProduceRequest.PartitionProduceData.builder()
                .records(new RecordsPayload.Buffer(records))
                .build();
        var topic = ProduceRequest.TopicProduceData.builder()
                .partitionData(java.util.List.of(data))
                .build();
        ByteBuffer bytes = ProtocolWriter.toBuffer(
                ProduceRequest.builder().topicData(java.util.List.of(topic)).build(), 9);
        ProduceRequest read = ProduceRequest.read(new ProtocolReader(bytes), 9);
        var payload = (RecordsPayload.Buffer)
                read.topicData().get(0).partitionData().get(0).records();
        assertEquals(records, java.util.Objects.requireNonNull(payload).bytes());
        bytes.put(bytes.limit() - 6, (byte) 42); // three bytes of records, three empty sets of tagged fields
        assertEquals(42, payload.bytes().get(0));
    }

    @Test
    void aHeaderWithTwentyMillionTagsIsRefusedAtTheirCount() {
        ProtocolReader in = reader(out -> {
            out.writeInt16(ApiKey.METADATA.code());
            out.writeInt16((short) 12);
            out.writeInt32(1);
            out.writeNullableString("me", false);
            out.writeUnsignedVarint(20_000_000);
            out.writeRaw(new byte[64 * 1024]);
        });
        assertTrue(refusal(in, r -> RequestHeader.read(r, 2)).contains("20000000 tagged fields"));
    }

    @Test
    void aVersionThatDoesNotExistIsRefused() {
        ProtocolReader in = reader(out -> out.writeInt32(0));
        assertThrows(UnsupportedVersion.class, () -> ApiVersionsRequest.read(in, 6));
        assertThrows(UnsupportedVersion.class, () -> MetadataRequest.read(in, -1));
    }
}
