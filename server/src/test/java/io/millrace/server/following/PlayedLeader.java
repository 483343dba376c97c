package io.millrace.server.following;

import io.millrace.environment.Connection;
import io.millrace.environment.ConnectionEvents;
import io.millrace.environment.Lane;
import io.millrace.environment.Transport;
import io.millrace.protocol.ApiKey;
import io.millrace.protocol.ProtocolReader;
import io.millrace.protocol.ProtocolWriter;
import io.millrace.protocol.Request;
import io.millrace.protocol.Response;
import io.millrace.protocol.messages.ApiVersionsResponse;
import io.millrace.protocol.messages.RequestHeader;
import io.millrace.server.fixture.PipedConnection;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Connections whose other ends the test plays: brokers that tell their versions by themselves, and else answer what the test says. */
final class PlayedLeader implements Transport {
    /** A request that came in by one connection. */
    record Asked(String host, PipedConnection by, int correlationId, short version, Request request) {}

    private final Map<Long, PipedConnection> open = new TreeMap<>();
    private final Map<PipedConnection, String> hosts = new HashMap<>();
    private long nextId;
    boolean refusesConnections;
    int newestFetch = 18;
    int connectCount;
    int receivedBytes;

    @Override
    public Listening listen(InetSocketAddress address, List<? extends Lane> lanes, Acceptor acceptor) {
        throw new AssertionError("nobody listens here");
    }

    @Override
    public Connection connect(InetSocketAddress address, Lane lane, ConnectionEvents events) {
        connectCount++;
        PipedConnection made = new PipedConnection(address);
        if (refusesConnections) {
            lane.execute(() -> events.onClosed(new IOException("connection refused")));
            return made;
        }
        made.hear(events);
        open.put(nextId++, made);
        hosts.put(made, address.getHostString());
        lane.execute(events::onConnected);
        return made;
    }

    /** What was asked since the last call. */
    List<Asked> take() {
        List<Asked> asked = new ArrayList<>();
        open.values().removeIf(PipedConnection::isClosed);
        for (PipedConnection each : List.copyOf(open.values())) {
            ByteBuffer bytes = each.take();
            receivedBytes += bytes.remaining();
            while (bytes.remaining() >= Integer.BYTES) {
                int sizeBytes = bytes.getInt();
                take(each, new ProtocolReader(bytes.slice(bytes.position(), sizeBytes)), asked);
                bytes.position(bytes.position() + sizeBytes);
            }
        }
        return asked;
    }

    private void take(PipedConnection by, ProtocolReader in, List<Asked> asked) {
        // Key and version are where they are in every version of the header.
        ProtocolReader peek = in;
        RequestHeader first = RequestHeader.read(peek, 1);
        ApiKey apiKey = ApiKey.forCode(first.requestApiKey()).orElseThrow();
        if (apiKey.requestHeaderVersion(first.requestApiVersion()) > 1) in.skipTaggedFields("header");
        Request request = apiKey.readRequest(in, first.requestApiVersion());
        Asked one =
                new Asked(hosts.getOrDefault(by, "?"), by, first.correlationId(), first.requestApiVersion(), request);
        if (apiKey == ApiKey.API_VERSIONS) answer(one, versions());
        else asked.add(one);
    }

    private ApiVersionsResponse versions() {
        List<ApiVersionsResponse.ApiVersion> keys = new ArrayList<>();
        for (ApiKey key :
                List.of(ApiKey.API_VERSIONS, ApiKey.FETCH, ApiKey.LIST_OFFSETS, ApiKey.OFFSET_FOR_LEADER_EPOCH))
            keys.add(ApiVersionsResponse.ApiVersion.builder()
                    .apiKey(key.code())
                    .minVersion(key.oldestVersion())
                    .maxVersion(key == ApiKey.FETCH ? (short) newestFetch : key.latestStableVersion())
                    .build());
        return ApiVersionsResponse.builder().apiKeys(keys).build();
    }

    void answer(Asked asked, Response response) {
        ProtocolWriter out = new ProtocolWriter();
        out.writeInt32(asked.correlationId());
        ApiKey apiKey = asked.request().apiKey();
        if (apiKey.responseHeaderVersion(asked.version()) > 0) out.writeUnsignedVarint(0);
        response.write(out, asked.version());
        ByteBuffer body = out.finish().toBuffer();
        ByteBuffer frame = ByteBuffer.allocate(Integer.BYTES + body.remaining());
        deliver(asked, frame.putInt(body.remaining()).put(body).flip());
    }

    /** Sends bytes that need not be an answer. */
    void deliver(Asked asked, ByteBuffer bytes) {
        if (!asked.by().isClosed()) asked.by().deliver(bytes);
    }

    /** Cuts all connections to a broker, or all there are. */
    void cut(@Nullable String host) {
        for (PipedConnection each : List.copyOf(open.values()))
            if (!each.isClosed() && (host == null || host.equals(hosts.get(each)))) each.lose();
        open.values().removeIf(PipedConnection::isClosed);
    }
}
