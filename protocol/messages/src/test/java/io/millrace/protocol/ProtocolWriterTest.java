package io.millrace.protocol;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.protocol.messages.FetchResponse;
import io.millrace.protocol.messages.FetchSnapshotResponse;
import io.millrace.protocol.messages.MetadataRequest;
import io.millrace.testkit.Property;
import io.millrace.testkit.SeededRandom;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class ProtocolWriterTest {
    /** Stands for a range of a file. */
    private record Elsewhere(int sizeBytes) implements RecordsPayload {}

    private static FetchResponse response(RecordsPayload... records) {
        List<FetchResponse.PartitionData> partitions = new ArrayList<>();
        for (RecordsPayload each : records)
            partitions.add(FetchResponse.PartitionData.builder().records(each).build());
        var topic = FetchResponse.FetchableTopicResponse.builder()
                .topic("t")
                .partitions(partitions)
                .build();
        return FetchResponse.builder().responses(List.of(topic)).build();
    }

    private static RecordsPayload inMemory(SeededRandom random, int size) {
        return new RecordsPayload.Buffer(ByteBuffer.wrap(random.bytes(size)));
    }

    @Test
    void whateverWasCopiedAndWhateverNotTheBytesAreTheSame() {
        Property.check(100, random -> {
            int most = random.pick(10, 2 * ProtocolWriter.MAX_COPIED_PAYLOAD_BYTES);
            FetchResponse response = response(
                    inMemory(random, random.nextInt(most)),
                    RecordsPayload.EMPTY,
                    inMemory(random, random.nextInt(most)));
            int version = random.nextInt(4, 19);
            FetchResponse expected = version >= 13
                    ? response.toBuilder()
                            .responses(List.of(response.responses().get(0).toBuilder()
                                    .topic("")
                                    .build()))
                            .build()
                    : response;
            ByteBuffer initial = random.nextBoolean()
                    ? ByteBuffer.allocateDirect(1 + random.nextInt(100))
                    : ByteBuffer.allocate(random.nextInt(100) + 1);
            ProtocolWriter out = new ProtocolWriter(initial);
            for (int use = 0; use < 2; use++) {
                response.write(out, version);
                Written written = out.finish();
                ByteBuffer all = written.toBuffer();
                assertEquals(out.sizeBytes(), written.sizeBytes());
                assertEquals(written.sizeBytes(), all.remaining());
                assertEquals(expected, FetchResponse.read(new ProtocolReader(all), version));
                out.reset();
            }
        });
    }

    @Test
    void whatIsNotInMemoryIsASegmentInItsPlace() {
        Elsewhere first = new Elsewhere(10);
        Elsewhere second = new Elsewhere(1_000_000);
        ProtocolWriter out = new ProtocolWriter();
        response(first, second).write(out, 12);
        Written written = out.finish();
        assertEquals(5, written.segments().size());
        assertSame(
                first,
                assertInstanceOf(Segment.Payload.class, written.segments().get(1))
                        .payload());
        assertSame(
                second,
                assertInstanceOf(Segment.Payload.class, written.segments().get(3))
                        .payload());
        assertEquals(
                written.sizeBytes(),
                written.segments().stream().mapToLong(Segment::sizeBytes).sum());
        assertThrows(IllegalStateException.class, written::toBuffer);
    }

    @Test
    void aLengthInFrontCanBeSetAfterwards() {
        ProtocolWriter out = new ProtocolWriter();
        out.writeInt32(0);
        response(new Elsewhere(10)).write(out, 12);
        out.setInt32(0, (int) out.sizeBytes() - 4);
        Segment.Bytes head =
                assertInstanceOf(Segment.Bytes.class, out.finish().segments().get(0));
        assertEquals(out.sizeBytes() - 4, head.bytes().getInt(0));
        assertThrows(IllegalArgumentException.class, () -> new ProtocolWriter().setInt32(0, 1));
    }

    @Test
    void nothingWrittenIsNoSegment() {
        assertEquals(new Written(List.of(), 0), new ProtocolWriter().finish());
    }

    @Test
    void whatTheWireCannotHoldIsRefused() {
        ProtocolWriter out = new ProtocolWriter();
        assertThrows(IllegalArgumentException.class, () -> out.writeUint16(65536));
        assertThrows(IllegalArgumentException.class, () -> out.writeUint16(-1));
        assertThrows(IllegalArgumentException.class, () -> out.writeUint32(-1));
        assertThrows(IllegalArgumentException.class, () -> out.writeUint32(1L << 32));
        assertThrows(IllegalArgumentException.class, () -> out.writeString("x".repeat(32768), true));
        assertEquals(0, out.sizeBytes());
    }

    @Test
    void aValueThatTheVersionLacksIsRefusedUnlessItMayBeLeftOut() {
        var request =
                MetadataRequest.builder().includeTopicAuthorizedOperations(true).build();
        UnsupportedVersion refusal = assertThrows(UnsupportedVersion.class, () -> ProtocolWriter.toBuffer(request, 7));
        assertTrue(String.valueOf(refusal.getMessage()).contains("MetadataRequest.includeTopicAuthorizedOperations"));
    }

    @Test
    void nullWhereTheVersionHasNoneIsRefused() {
        var everything = MetadataRequest.builder().topics(null).build();
        assertThrows(UnsupportedVersion.class, () -> ProtocolWriter.toBuffer(everything, 0));
        var partition = FetchSnapshotResponse.PartitionSnapshot.builder()
                .unalignedRecords(null)
                .build();
        assertThrows(UnsupportedVersion.class, () -> partition.write(new ProtocolWriter(), 0));
        assertThrows(
                NullPointerException.class,
                () -> FetchResponse.FetchableTopicResponse.builder()
                        .topic(nothing())
                        .build());
    }

    @SuppressWarnings("NullAway") // the point is that a caller without the checker gets an exception
    private static String nothing() {
        return null;
    }
}
