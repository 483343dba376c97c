package io.millrace.client;

import io.millrace.connection.sasl.SaslExchange;
import io.millrace.connection.sasl.SaslLogin;
import io.millrace.connection.sasl.SaslRefused;
import io.millrace.protocol.ApiKey;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.MalformedMessage;
import io.millrace.protocol.ProtocolReader;
import io.millrace.protocol.ProtocolWriter;
import io.millrace.protocol.Request;
import io.millrace.protocol.Response;
import io.millrace.protocol.messages.ApiVersionsRequest;
import io.millrace.protocol.messages.ApiVersionsResponse;
import io.millrace.protocol.messages.RequestHeader;
import io.millrace.protocol.messages.ResponseHeader;
import io.millrace.protocol.messages.SaslAuthenticateRequest;
import io.millrace.protocol.messages.SaslAuthenticateResponse;
import io.millrace.protocol.messages.SaslHandshakeRequest;
import io.millrace.protocol.messages.SaslHandshakeResponse;
import java.io.Closeable;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.Map;
import java.util.function.IntFunction;

/**
 * One blocking connection to one node: a request, then its answer. Knows which versions the node speaks (KIP-35, KIP-511).
 * Every {@link IOException} names the node; after one, the connection is of no more use.
 */
final class NodeConnection implements Closeable {
    /** No answer to an admin request comes near this; a size above it is not our protocol. */
    static final int MAX_RESPONSE_BYTES = 100 << 20;

    private static final String SOFTWARE_NAME = "millrace";
    private static final int SIZE_BYTES = 4;
    /** Before, SaslHandshake was followed by bytes outside of requests. */
    private static final int FIRST_SASL_WITHIN_REQUESTS = 1;

    private static final int TLS_ALERT = 0x15;
    private static final int TLS_HANDSHAKE = 0x16;

    /** Versions a node accepts of one request, both included. */
    private record VersionRange(short lowest, short highest) {}

    private final HostAndPort address;
    private final Socket socket;
    private final DataInputStream in;
    private final String clientId;
    private final Map<ApiKey, VersionRange> spoken = new HashMap<>();
    private int lastCorrelationId;

    private NodeConnection(HostAndPort address, Socket socket, String clientId) throws IOException {
        this.address = address;
        this.socket = socket;
        this.in = new DataInputStream(socket.getInputStream());
        this.clientId = clientId;
    }

    /**
     * Connects, trying each address the name stands for, and asks what the node speaks.
     *
     * @throws IOException if nobody listens there, or it is not a Kafka node
     */
    static NodeConnection open(HostAndPort address, String clientId, Deadline deadline) throws IOException {
        return open(address, clientId, SocketProtection.NONE, deadline);
    }

    /** As {@link #open(HostAndPort, String, Deadline)}, with TLS and a login if they are asked for. */
    static NodeConnection open(HostAndPort address, String clientId, SocketProtection protection, Deadline deadline)
            throws IOException {
        InetAddress[] candidates;
        try {
            candidates = InetAddress.getAllByName(address.host());
        } catch (UnknownHostException e) {
            throw new IOException("the host name of " + address + " is not known here", e);
        }
        IOException last = new IOException("no address for " + address);
        for (InetAddress candidate : candidates) {
            Socket socket = new Socket();
            try {
                socket.connect(new InetSocketAddress(candidate, address.port()), deadline.leftMs());
                requireSomebodyElse(socket);
                socket.setTcpNoDelay(true);
                Socket safe = protection.secured(socket, address, deadline);
                NodeConnection connection = new NodeConnection(address, safe, clientId);
                connection.negotiate(deadline);
                connection.logIn(protection, deadline);
                return connection;
            } catch (SocketTimeoutException e) {
                socket.close();
                last = new IOException("nobody accepts connections at " + address + " (timed out)", e);
            } catch (java.net.ConnectException e) {
                socket.close();
                last = new IOException("nobody listens at " + address + " (" + e.getMessage() + ")", e);
            } catch (NotKafka e) {
                socket.close();
                throw e;
            } catch (IOException e) {
                socket.close();
                last = e;
            }
        }
        throw last;
    }

    /**
     * Dialling a free port of this machine, the kernel may pick that very port for our end: the socket is then connected to itself.
     *
     * @throws java.net.ConnectException if it is
     */
    private static void requireSomebodyElse(Socket socket) throws java.net.ConnectException {
        if (socket.getLocalSocketAddress().equals(socket.getRemoteSocketAddress()))
            throw new java.net.ConnectException("the connection led back to itself");
    }

    /** Something listens there, and it does not speak Kafka's protocol with us, or does not let us in: asking again is of no use. */
    static class NotKafka extends IOException {
        private static final long serialVersionUID = 1L;

        NotKafka(String message) {
            super(message);
        }
    }

    /** It speaks Kafka's protocol, and does not let us in. */
    static final class LoginRefused extends NotKafka {
        private static final long serialVersionUID = 1L;

        LoginRefused(String message) {
            super(message);
        }
    }

    HostAndPort address() {
        return address;
    }

    /** Whether the node speaks a version of this request that we speak too. */
    boolean speaks(ApiKey key) {
        return version(key, key.oldestVersion(), key.latestStableVersion()) >= 0;
    }

    /**
     * Sends a request in the newest version that both sides speak and the caller can use.
     *
     * @param lowest oldest version the caller can use
     * @param highest newest version the caller can use
     * @param request made for the version chosen
     * @throws IOException if the connection fails or the answer does not come in time
     * @throws ClientFailure.NotSupported if there is no such version
     */
    Response ask(ApiKey key, int lowest, int highest, IntFunction<? extends Request> request, Deadline deadline)
            throws IOException {
        int version = version(key, lowest, highest);
        if (version < 0) {
            VersionRange range = spoken.get(key);
            throw new ClientFailure.NotSupported(
                    range == null
                            ? "the node at " + address + " does not know " + key + " requests"
                            : "the node at " + address + " speaks " + key + " in versions " + range.lowest() + " to "
                                    + range.highest() + ", and versions " + lowest + " to " + highest + " are needed");
        }
        return exchange(request.apply(version), version, deadline);
    }

    private int version(ApiKey key, int lowest, int highest) {
        VersionRange range = spoken.get(key);
        if (range == null) return -1;
        int best = Math.min(highest, Math.min(range.highest(), key.latestStableVersion()));
        return best < Math.max(lowest, Math.max(range.lowest(), key.oldestVersion())) ? -1 : best;
    }

    /** A node that does not speak our newest ApiVersions says so in version 0, with the versions it does speak (KIP-511). */
    private void negotiate(Deadline deadline) throws IOException {
        int newest = ApiKey.API_VERSIONS.latestStableVersion();
        var answer = (ApiVersionsResponse) exchange(hello(), newest, deadline);
        if (answer.errorCode() == ErrorCode.UNSUPPORTED_VERSION.code()) {
            int highest = 0;
            for (var range : answer.apiKeys())
                if (range.apiKey() == ApiKey.API_VERSIONS.code()) highest = Math.min(range.maxVersion(), newest - 1);
            answer = (ApiVersionsResponse) exchange(hello(), Math.max(0, highest), deadline);
        }
        if (answer.errorCode() != ErrorCode.NONE.code())
            throw new IOException("the node at " + address + " refused to say which versions it speaks: "
                    + ErrorCode.forCode(answer.errorCode()));
        for (var range : answer.apiKeys()) {
            ApiKey.forCode(range.apiKey())
                    .ifPresent(key -> spoken.put(key, new VersionRange(range.minVersion(), range.maxVersion())));
        }
    }

    /** SASL within requests (KIP-152); what the node says to a wrong password is its last word. */
    private void logIn(SocketProtection protection, Deadline deadline) throws IOException {
        SaslLogin login = protection.login();
        if (login == null) return;
        SaslExchange exchange = login.newExchange();
        int version = version(ApiKey.SASL_HANDSHAKE, FIRST_SASL_WITHIN_REQUESTS, ApiKey.SASL_HANDSHAKE.latestVersion());
        if (version < 0) throw new NotKafka("the node at " + address + " does not know SASL");
        var agreed =
                (SaslHandshakeResponse) exchange(new SaslHandshakeRequest(exchange.mechanism()), version, deadline);
        if (agreed.errorCode() != ErrorCode.NONE.code())
            throw new NotKafka("the node at " + address + " does not take SASL mechanism " + exchange.mechanism()
                    + (agreed.mechanisms().isEmpty() ? "" : "; it takes " + agreed.mechanisms()));
        byte[] words = exchange.begin();
        try {
            do {
                words = exchange.answer(say(words, exchange.mechanism(), deadline));
            } while (words.length > 0 || !exchange.isComplete());
        } catch (SaslRefused e) {
            throw new LoginRefused("no login at " + address + " by " + exchange.mechanism() + ": " + e.getMessage());
        }
    }

    private byte[] say(byte[] words, String mechanism, Deadline deadline) throws IOException {
        int version = version(
                ApiKey.SASL_AUTHENTICATE,
                ApiKey.SASL_AUTHENTICATE.oldestVersion(),
                ApiKey.SASL_AUTHENTICATE.latestVersion());
        if (version < 0) throw new NotKafka("the node at " + address + " does not know SaslAuthenticate");
        var answer = (SaslAuthenticateResponse) exchange(new SaslAuthenticateRequest(words), version, deadline);
        ErrorCode error = ErrorCode.forCode(answer.errorCode());
        if (error != ErrorCode.NONE)
            throw new LoginRefused("the node at " + address + " refused the login by " + mechanism + ": "
                    + Answer.sentence(error, answer.errorMessage()));
        return answer.authBytes();
    }

    static ApiVersionsRequest hello() {
        String version = NodeConnection.class.getPackage().getImplementationVersion();
        return ApiVersionsRequest.builder()
                .clientSoftwareName(SOFTWARE_NAME)
                .clientSoftwareVersion(version == null ? "unknown" : version)
                .build();
    }

    private Response exchange(Request request, int version, Deadline deadline) throws IOException {
        ApiKey key = request.apiKey();
        int correlationId = ++lastCorrelationId;
        try {
            send(request, key, version, correlationId);
            ByteBuffer frame = receive(deadline);
            ProtocolReader body = new ProtocolReader(frame);
            int answered = ResponseHeader.read(body, key.responseHeaderVersion(version))
                    .correlationId();
            if (answered != correlationId)
                throw new IOException("the node at " + address + " answered request " + answered + ", not "
                        + correlationId + " which was asked");
            return readBody(key, version, frame, body);
        } catch (SocketTimeoutException e) {
            throw new IOException("the node at " + address + " gave no answer to " + key + " in time", e);
        } catch (EOFException e) {
            throw new IOException("the node at " + address + " closed the connection instead of answering " + key, e);
        } catch (MalformedMessage e) {
            throw new IOException(
                    "the node at " + address + " sent a malformed answer to " + key + ": " + e.getMessage(), e);
        } catch (java.net.SocketException e) {
            throw new IOException("the connection to " + address + " failed: " + e.getMessage(), e);
        }
    }

    private Response readBody(ApiKey key, int version, ByteBuffer frame, ProtocolReader body) {
        boolean refusedVersion = key == ApiKey.API_VERSIONS
                && version > 0
                && frame.getShort(frame.position() + SIZE_BYTES) == ErrorCode.UNSUPPORTED_VERSION.code();
        Response answer = key.readResponse(body, refusedVersion ? 0 : version);
        body.requireEnd(key + " response");
        return answer;
    }

    private void send(Request request, ApiKey key, int version, int correlationId) throws IOException {
        ProtocolWriter out = new ProtocolWriter();
        out.writeInt32(0);
        new RequestHeader(key.code(), (short) version, correlationId, clientId)
                .write(out, key.requestHeaderVersion(version));
        request.write(out, version);
        out.setInt32(0, Math.toIntExact(out.sizeBytes() - SIZE_BYTES));
        ByteBuffer frame = out.finish().toBuffer();
        byte[] bytes = new byte[frame.remaining()];
        frame.get(bytes);
        socket.getOutputStream().write(bytes);
    }

    private ByteBuffer receive(Deadline deadline) throws IOException {
        byte[] size = new byte[SIZE_BYTES];
        fill(size, deadline);
        int sizeBytes = ByteBuffer.wrap(size).getInt();
        if (sizeBytes < SIZE_BYTES || sizeBytes > MAX_RESPONSE_BYTES) throw new NotKafka(notKafka(size, sizeBytes));
        byte[] frame = new byte[sizeBytes];
        fill(frame, deadline);
        return ByteBuffer.wrap(frame);
    }

    /** A trickle of bytes must not outlast the deadline, so each read gets only what is left. */
    private void fill(byte[] bytes, Deadline deadline) throws IOException {
        int filled = 0;
        while (filled < bytes.length) {
            if (deadline.isOver()) throw new SocketTimeoutException("out of time");
            socket.setSoTimeout(deadline.leftMs());
            int read = in.read(bytes, filled, bytes.length - filled);
            if (read < 0) throw new EOFException("end of stream");
            filled += read;
        }
    }

    private String notKafka(byte[] start, int sizeBytes) {
        if (start[0] == TLS_ALERT || start[0] == TLS_HANDSHAKE)
            return "the listener at " + address + " wants TLS; say so with security.protocol=SSL or SASL_SSL";
        if (start[0] == 'H' && start[1] == 'T' && start[2] == 'T' && start[3] == 'P')
            return address + " is a web server, not a Kafka listener";
        return "what listens at " + address + " does not speak Kafka's protocol (frame of " + sizeBytes + " bytes)";
    }

    @Override
    public void close() {
        try {
            socket.close();
        } catch (IOException e) {
            // Nothing was left to be sent, so there is nothing that the caller could lose or mend.
        }
    }
}
