package io.millrace.compatibility;

import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import org.apache.kafka.common.message.ApiMessageType;
import org.apache.kafka.common.message.RequestHeaderData;
import org.apache.kafka.common.message.ResponseHeaderData;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.ByteBufferAccessor;
import org.apache.kafka.common.requests.RequestUtils;

/** One connection that speaks Kafka's protocol by the official classes, request by request: no client logic at all. */
final class RawConnection implements AutoCloseable {
    private static final int PATIENCE_MS = 30_000;

    private final Socket socket;
    private final DataInputStream input;
    private int correlationId;

    RawConnection(int port) throws IOException {
        socket = new Socket(InetAddress.getLoopbackAddress(), port);
        socket.setSoTimeout(PATIENCE_MS);
        socket.setTcpNoDelay(true);
        input = new DataInputStream(socket.getInputStream());
    }

    /** Sends a request and returns the answer to it. */
    ApiMessage ask(ApiMessage request, int version) throws IOException {
        ApiMessageType type = ApiMessageType.fromApiKey(request.apiKey());
        send(frame(request, version, ++correlationId));
        ByteBuffer frame = receive();
        var body = new ByteBufferAccessor(frame);
        var header = new ResponseHeaderData(body, type.responseHeaderVersion((short) version));
        if (header.correlationId() != correlationId) {
            throw new AssertionError("want correlation id " + correlationId + ", found " + header.correlationId());
        }
        ApiMessage answer = type.newResponse();
        answer.read(body, (short) version);
        if (frame.hasRemaining()) throw new AssertionError(frame.remaining() + " bytes after the answer " + answer);
        return answer;
    }

    /** A whole frame of a request: its size, header and body. */
    static byte[] frame(ApiMessage request, int version, int correlationId) {
        ApiMessageType type = ApiMessageType.fromApiKey(request.apiKey());
        var header = new RequestHeaderData()
                .setRequestApiKey(request.apiKey())
                .setRequestApiVersion((short) version)
                .setClientId("raw")
                .setCorrelationId(correlationId);
        ByteBuffer bytes =
                RequestUtils.serialize(header, type.requestHeaderVersion((short) version), request, (short) version);
        var frame = ByteBuffer.allocate(4 + bytes.remaining());
        frame.putInt(bytes.remaining()).put(bytes);
        return frame.array();
    }

    /** Sends bytes as they are. */
    void send(byte[] bytes) throws IOException {
        socket.getOutputStream().write(bytes);
        socket.getOutputStream().flush();
    }

    /** Receives a frame without its size. */
    ByteBuffer receive() throws IOException {
        var frame = new byte[input.readInt()];
        input.readFully(frame);
        return ByteBuffer.wrap(frame);
    }

    /** Reads to the end of the connection, for at most {@code withinMs} between bytes; a reset counts as an end. */
    byte[] receiveAll(int withinMs) throws IOException {
        socket.setSoTimeout(withinMs);
        var received = new java.io.ByteArrayOutputStream();
        try {
            input.transferTo(received);
        } catch (java.net.SocketTimeoutException | EOFException e) {
            return received.toByteArray();
        } catch (java.net.SocketException e) {
            return received.toByteArray();
        }
        return received.toByteArray();
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
