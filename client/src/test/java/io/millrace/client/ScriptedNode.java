package io.millrace.client;

import io.millrace.protocol.ApiKey;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.ProtocolReader;
import io.millrace.protocol.ProtocolWriter;
import io.millrace.protocol.Request;
import io.millrace.protocol.Response;
import io.millrace.protocol.messages.ApiVersionsResponse;
import io.millrace.protocol.messages.MetadataResponse;
import io.millrace.protocol.messages.RequestHeader;
import io.millrace.protocol.messages.ResponseHeader;
import java.io.Closeable;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.BiFunction;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A node on loopback that answers each kind of request as a test says. It speaks what has been scripted, in all versions unless
 * said otherwise. Scripts are written before the first connection.
 */
final class ScriptedNode implements Closeable {
    /** A request as it came. */
    record Received(ApiKey key, int version, Request request) {}

    private record Script(int lowest, int highest, BiFunction<Request, Integer, @Nullable Response> answer) {}

    private final ServerSocket listener;
    private final Map<ApiKey, Script> scripts = new EnumMap<>(ApiKey.class);
    private final List<Received> received = new CopyOnWriteArrayList<>();
    private final List<Socket> accepted = new CopyOnWriteArrayList<>();
    private final Function<Integer, Integer> correlation;
    private final Thread acceptor;

    ScriptedNode() throws IOException {
        this(correlationId -> correlationId);
    }

    /** A node that answers with correlation ids of its own making. */
    ScriptedNode(Function<Integer, Integer> correlation) throws IOException {
        this.correlation = correlation;
        this.listener = new ServerSocket(0, 16, InetAddress.getLoopbackAddress());
        speaks(ApiKey.API_VERSIONS, 0, ApiKey.API_VERSIONS.latestVersion(), (request, version) -> versions());
        acceptor = Thread.ofVirtual().unstarted(this::accept);
        acceptor.start();
    }

    HostAndPort address() {
        return new HostAndPort(listener.getInetAddress().getHostAddress(), listener.getLocalPort());
    }

    /** Answers such requests; null closes the connection instead. */
    ScriptedNode answers(ApiKey key, Function<Request, @Nullable Response> answer) {
        return speaks(key, key.oldestVersion(), key.latestVersion(), (request, version) -> answer.apply(request));
    }

    ScriptedNode speaks(ApiKey key, int lowest, int highest, BiFunction<Request, Integer, @Nullable Response> answer) {
        scripts.put(key, new Script(lowest, highest, answer));
        return this;
    }

    /** Tells clients of these nodes, whose ids are 0 and on, and who of them is the controller. */
    ScriptedNode knowsOf(int controllerId, ScriptedNode... nodes) {
        return answers(ApiKey.METADATA, request -> cluster(controllerId, nodes).build());
    }

    static MetadataResponse.Builder cluster(int controllerId, ScriptedNode... nodes) {
        List<MetadataResponse.MetadataResponseBroker> brokers = new ArrayList<>();
        for (ScriptedNode node : nodes) {
            HostAndPort address = node.address();
            brokers.add(
                    new MetadataResponse.MetadataResponseBroker(brokers.size(), address.host(), address.port(), null));
        }
        return MetadataResponse.builder().brokers(brokers).controllerId(controllerId);
    }

    List<Received> received(ApiKey key) {
        return received.stream().filter(it -> it.key() == key).toList();
    }

    int connectionCount() {
        return accepted.size();
    }

    private ApiVersionsResponse versions() {
        List<ApiVersionsResponse.ApiVersion> ranges = new ArrayList<>();
        scripts.forEach((key, script) -> ranges.add(
                new ApiVersionsResponse.ApiVersion(key.code(), (short) script.lowest(), (short) script.highest())));
        return ApiVersionsResponse.builder().apiKeys(ranges).build();
    }

    private void accept() {
        while (true) {
            Socket socket;
            try {
                socket = listener.accept();
            } catch (IOException closed) {
                return;
            }
            accepted.add(socket);
            Thread.ofVirtual().start(() -> converse(socket));
        }
    }

    private void converse(Socket socket) {
        try (socket) {
            DataInputStream in = new DataInputStream(socket.getInputStream());
            DataOutputStream out = new DataOutputStream(socket.getOutputStream());
            while (true) {
                byte[] frame = new byte[in.readInt()];
                in.readFully(frame);
                byte[] reply = reply(ByteBuffer.wrap(frame));
                if (reply == null) return;
                out.write(reply);
            }
        } catch (IOException ended) {
            // The client has closed its end, or the test the node's.
            accepted.remove(socket);
        }
    }

    private byte @Nullable [] reply(ByteBuffer frame) {
        ApiKey key = ApiKey.forCode(frame.getShort(0)).orElseThrow();
        int version = frame.getShort(2);
        Script script = scripts.get(key);
        if (script == null) throw new IllegalStateException("asked for " + key + ", which it does not speak");
        boolean isSpoken = version >= script.lowest() && version <= script.highest();
        ProtocolReader in = new ProtocolReader(frame);
        RequestHeader header = RequestHeader.read(in, key.requestHeaderVersion(version));
        Request request = key.readRequest(in, version);
        in.requireEnd(key + " request");
        received.add(new Received(key, version, request));
        Response answer = isSpoken ? script.answer().apply(request, version) : refusal();
        if (answer == null) return null;
        ProtocolWriter out = new ProtocolWriter();
        out.writeInt32(0);
        new ResponseHeader(correlation.apply(header.correlationId())).write(out, key.responseHeaderVersion(version));
        answer.write(out, isSpoken ? version : 0);
        out.setInt32(0, (int) out.sizeBytes() - 4);
        ByteBuffer bytes = out.finish().toBuffer();
        byte[] reply = new byte[bytes.remaining()];
        bytes.get(reply);
        return reply;
    }

    /** To ApiVersions in a version it does not speak a node answers in version 0 (KIP-511). */
    private ApiVersionsResponse refusal() {
        return versions().toBuilder()
                .errorCode(ErrorCode.UNSUPPORTED_VERSION.code())
                .build();
    }

    /** When this returns nobody accepts connections there any more: the kernel does so until the acceptor has left its call. */
    @Override
    public void close() throws IOException {
        listener.close();
        try {
            acceptor.join();
        } catch (InterruptedException e) {
            throw new IOException("interrupted while node " + address() + " closed", e);
        }
        for (Socket socket : accepted) socket.close();
    }
}
