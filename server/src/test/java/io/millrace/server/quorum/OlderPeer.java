package io.millrace.server.quorum;

import io.millrace.protocol.ApiKey;
import io.millrace.protocol.ProtocolReader;
import io.millrace.protocol.ProtocolWriter;
import io.millrace.protocol.Response;
import io.millrace.protocol.messages.ApiVersionsResponse;
import io.millrace.protocol.messages.RequestHeader;
import io.millrace.protocol.messages.ResponseHeader;
import io.millrace.protocol.messages.VoteRequest;
import io.millrace.protocol.messages.VoteResponse;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** A voter of before 4.0: it knows Vote up to version 1 and nothing else, and grants every vote. */
final class OlderPeer implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(OlderPeer.class.getName());

    private final ServerSocket server = new ServerSocket(0, 5, InetAddress.getLoopbackAddress());
    final CompletableFuture<VoteRequest> firstVote = new CompletableFuture<>();

    OlderPeer() throws IOException {
        Thread.ofVirtual().start(this::serve);
    }

    int port() {
        return server.getLocalPort();
    }

    private void serve() {
        while (!server.isClosed()) {
            try (Socket socket = server.accept()) {
                var in = new DataInputStream(socket.getInputStream());
                var out = new DataOutputStream(socket.getOutputStream());
                while (true) answer(in, out);
            } catch (IOException ended) {
                LOG.log(System.Logger.Level.DEBUG, "the voter has ended a connection, or this peer has", ended);
            } catch (RuntimeException failed) {
                firstVote.completeExceptionally(failed);
                return;
            }
        }
    }

    private void answer(DataInputStream in, DataOutputStream out) throws IOException {
        byte[] frame = new byte[in.readInt()];
        in.readFully(frame);
        ByteBuffer bytes = ByteBuffer.wrap(frame);
        ApiKey apiKey = ApiKey.forCode(bytes.getShort(0)).orElseThrow();
        short version = bytes.getShort(2);
        var reader = new ProtocolReader(bytes);
        RequestHeader header = RequestHeader.read(reader, apiKey.requestHeaderVersion(version));
        Response response = switch (apiKey) {
            case API_VERSIONS ->
                ApiVersionsResponse.builder()
                        .apiKeys(List.of(ApiVersionsResponse.ApiVersion.builder()
                                .apiKey(ApiKey.VOTE.code())
                                .minVersion((short) 0)
                                .maxVersion((short) 1)
                                .build()))
                        .build();
            case VOTE -> granted((VoteRequest) apiKey.readRequest(reader, version));
            default -> throw new IllegalStateException("asked for " + apiKey);
        };
        ByteBuffer head = ProtocolWriter.toBuffer(
                new ResponseHeader(header.correlationId()), apiKey.responseHeaderVersion(version));
        ByteBuffer body = ProtocolWriter.toBuffer(response, version);
        byte[] answer = new byte[head.remaining() + body.remaining()];
        int headBytes = head.remaining();
        head.get(answer, 0, headBytes);
        body.get(answer, headBytes, body.remaining());
        out.writeInt(answer.length);
        out.write(answer);
        out.flush();
    }

    private VoteResponse granted(VoteRequest request) {
        firstVote.complete(request);
        int epoch = request.topics().getFirst().partitions().getFirst().replicaEpoch();
        var partition = VoteResponse.PartitionData.builder()
                .partitionIndex(0)
                .leaderId(-1)
                .leaderEpoch(epoch)
                .voteGranted(true);
        var topic =
                VoteResponse.TopicData.builder().topicName("__cluster_metadata").partitions(List.of(partition.build()));
        return VoteResponse.builder().topics(List.of(topic.build())).build();
    }

    @Override
    public void close() throws IOException {
        server.close();
    }
}
