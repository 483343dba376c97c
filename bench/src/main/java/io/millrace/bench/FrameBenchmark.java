package io.millrace.bench;

import io.millrace.connection.BufferPool;
import io.millrace.connection.FrameReader;
import io.millrace.connection.PooledBuffer;
import io.millrace.connection.RequestIntake;
import io.millrace.protocol.ApiKey;
import io.millrace.protocol.ProtocolReader;
import io.millrace.protocol.ProtocolWriter;
import io.millrace.protocol.Request;
import io.millrace.protocol.Response;
import io.millrace.protocol.Written;
import io.millrace.protocol.messages.FetchRequest;
import io.millrace.protocol.messages.MetadataRequest;
import io.millrace.protocol.messages.ProduceRequest;
import java.nio.ByteBuffer;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** From the bytes of a socket to the request, and from the answer to the bytes for a socket, as a conversation does it. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 4, time = 1)
@Measurement(iterations = 4, time = 1)
@Fork(1)
@SuppressWarnings("NullAway.Init") // JMH sets up before it measures.
public class FrameBenchmark {
    private static final int CORRELATION_ID = 7;
    private static final int WRITER_BYTES = 16 * 1024;
    private static final int MAX_FRAME_BYTES = 1 << 20;

    /** Which request and answer. */
    @Param({"PRODUCE", "FETCH", "METADATA"})
    public ApiKey api = ApiKey.PRODUCE;

    private final ProtocolWriter writer = new ProtocolWriter(WRITER_BYTES);
    private FrameReader reader;
    private ByteBuffer received;
    private int receivedBytes;
    private Response answer;
    private short version;
    private @Nullable Request decoded;

    /** Makes the frame of the request and the answer to it. */
    @Setup(Level.Trial)
    public void prepare() {
        reader = new FrameReader(new BufferPool(0, 0), MAX_FRAME_BYTES);
        version = api.latestVersion();
        ByteBuffer frame = Messages.requestFrame(api, version, CORRELATION_ID);
        receivedBytes = frame.remaining();
        received = ByteBuffer.allocateDirect(BufferPool.SMALL_BYTES).put(frame);
        answer = Messages.answer(api);
    }

    /** One request: cut from the stream, header, message. */
    @Benchmark
    public Request decode() {
        decoded = null;
        ByteBuffer target = reader.target(received).position(receivedBytes);
        FrameReader.Progress progress = reader.filled(target, this::take);
        Request request = decoded;
        if (request == null || !(progress instanceof FrameReader.Progress.Going))
            throw new IllegalStateException("the frame of " + api + " is not taken: " + progress);
        return request;
    }

    private boolean take(ByteBuffer frame, @Nullable PooledBuffer owner) {
        if (!(RequestIntake.of(frame, ApiKey.Listener.BROKER) instanceof RequestIntake.Accepted accepted))
            throw new IllegalStateException("the header of " + api + " is not accepted");
        decoded = read(new ProtocolReader(frame.position(accepted.bodyAt())), accepted.version());
        return true;
    }

    private Request read(ProtocolReader body, short bodyVersion) {
        return switch (api) {
            case PRODUCE -> ProduceRequest.read(body, bodyVersion);
            case FETCH -> FetchRequest.read(body, bodyVersion);
            case METADATA -> MetadataRequest.read(body, bodyVersion);
            default -> throw new IllegalStateException("no benchmark of " + api);
        };
    }

    /** One answer: length, header, message; payloads of files are not part of it. */
    @Benchmark
    public Written encode() {
        writer.reset();
        writer.writeInt32(0);
        writer.writeInt32(CORRELATION_ID);
        if (api.responseHeaderVersion(version) > 0) writer.writeUnsignedVarint(0);
        answer.write(writer, version);
        writer.setInt32(0, (int) writer.sizeBytes() - Integer.BYTES);
        return writer.finish();
    }
}
