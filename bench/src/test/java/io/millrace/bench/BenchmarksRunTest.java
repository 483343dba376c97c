package io.millrace.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.protocol.ApiKey;
import io.millrace.protocol.ProtocolReader;
import io.millrace.protocol.messages.FetchRequest;
import io.millrace.protocol.messages.FetchResponse;
import io.millrace.protocol.messages.MetadataRequest;
import io.millrace.protocol.messages.MetadataResponse;
import io.millrace.protocol.messages.ProduceRequest;
import io.millrace.protocol.messages.ProduceResponse;
import io.millrace.protocol.messages.ResponseHeader;
import io.millrace.storage.AppendOutcome;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the benchmarks measure does what it should; how fast is for {@code bench/jmh} to say. */
class BenchmarksRunTest {
    @ParameterizedTest
    @ValueSource(strings = {"1x100", "64x1000", "1000x100"})
    void appendsAreTakenAndTheirCrcHolds(String shape) throws Exception {
        var benchmark = new AppendBenchmark();
        benchmark.shape = shape;
        benchmark.open();
        try {
            int recordCount = Integer.parseInt(shape.split("x", -1)[0]);
            for (int i = 0; i < 3; i++) {
                var appended = assertInstanceOf(AppendOutcome.Appended.class, benchmark.append());
                assertEquals((long) i * recordCount, appended.baseOffset());
                assertTrue(benchmark.checkCrc());
            }
        } finally {
            benchmark.close();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"newest", "anywhere"})
    void offsetsAndTimesAreFound(String where) throws Exception {
        var benchmark = new IndexLookupBenchmark();
        benchmark.where = where;
        benchmark.batchCount = 20_000;
        benchmark.fill();
        try {
            for (int i = 0; i < 100; i++) {
                assertTrue(benchmark.findOffset() >= 0);
                assertTrue(benchmark.findTime().offset() < benchmark.batchCount);
            }
        } finally {
            benchmark.close();
        }
    }

    @Test
    void requestsAreReadAndAnswersWritten() {
        check(ApiKey.PRODUCE, ProduceRequest.class);
        check(ApiKey.FETCH, FetchRequest.class);
        check(ApiKey.METADATA, MetadataRequest.class);
    }

    private static void check(ApiKey api, Class<?> request) {
        var benchmark = new FrameBenchmark();
        benchmark.api = api;
        benchmark.prepare();
        for (int i = 0; i < 3; i++) {
            assertInstanceOf(request, benchmark.decode());
            ByteBuffer frame = benchmark.encode().toBuffer();
            assertEquals(frame.remaining() - Integer.BYTES, frame.getInt());
            var in = new ProtocolReader(frame);
            assertEquals(
                    7,
                    ResponseHeader.read(in, api.responseHeaderVersion(api.latestVersion()))
                            .correlationId());
            switch (api) {
                case PRODUCE ->
                    assertFalse(ProduceResponse.read(in, api.latestVersion())
                            .responses()
                            .isEmpty());
                case FETCH ->
                    assertFalse(FetchResponse.read(in, api.latestVersion())
                            .responses()
                            .isEmpty());
                default ->
                    assertFalse(MetadataResponse.read(in, api.latestVersion())
                            .topics()
                            .isEmpty());
            }
        }
    }

    @Test
    void thereIsNoBenchmarkOfOtherRequests() {
        var benchmark = new FrameBenchmark();
        benchmark.api = ApiKey.HEARTBEAT;
        assertThrows(IllegalStateException.class, benchmark::prepare);
    }
}
