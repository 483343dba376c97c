package io.millrace.compatibility;

import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.util.EnumMap;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.function.IntSupplier;

/**
 * Stands between clients and a broker and cuts connections at moments drawn from a seed, around produce requests: before
 * one is forwarded, in the middle of it, after it, and after the broker has answered but before the client learns that.
 */
final class CuttingProxy implements AutoCloseable {
    /** Where a connection is cut, as seen from one produce request. */
    enum Cut {
        BEFORE_THE_REQUEST,
        IN_THE_REQUEST,
        AFTER_THE_REQUEST,
        BEFORE_THE_REPLY
    }

    private static final Set<Integer> PRODUCE = Set.of(0);
    private static final int BUFFER_BYTES = 64 << 10;

    private final ServerSocket listener;
    private final IntSupplier brokerPort;
    private final Random random;
    private final int requestsPerCut;
    private final Set<Integer> apiKeys;
    private final Map<Cut, Integer> cuts = new EnumMap<>(Cut.class);

    /**
     * Starts to listen at {@link #port()}.
     *
     * @param brokerPort asked at each connection
     * @param requestsPerCut of how many produce requests one is hit, on average
     */
    CuttingProxy(IntSupplier brokerPort, long seed, int requestsPerCut) {
        this(brokerPort, seed, requestsPerCut, PRODUCE);
    }

    /** One that cuts around requests of these API keys instead. */
    CuttingProxy(IntSupplier brokerPort, long seed, int requestsPerCut, Set<Integer> apiKeys) {
        this.apiKeys = apiKeys;
        this.brokerPort = brokerPort;
        this.random = new Random(seed);
        this.requestsPerCut = requestsPerCut;
        try {
            listener = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        Thread.ofVirtual().name("cutting proxy").start(this::accept);
    }

    int port() {
        return listener.getLocalPort();
    }

    /** How often connections were cut so far, by place. */
    synchronized Map<Cut, Integer> cuts() {
        return new EnumMap<>(cuts);
    }

    private void accept() {
        while (!listener.isClosed()) {
            try {
                Socket client = listener.accept();
                try {
                    var broker = new Socket(InetAddress.getLoopbackAddress(), brokerPort.getAsInt());
                    var connection = new Connection(client, broker);
                    Thread.ofVirtual().start(connection::forwardRequests);
                    Thread.ofVirtual().start(connection::forwardReplies);
                } catch (IOException e) {
                    client.close(); // the broker is away, and so are we
                }
            } catch (IOException e) {
                if (!listener.isClosed()) throw new UncheckedIOException(e);
            }
        }
    }

    /** Whether and where to cut at the next produce request. */
    private synchronized Cut draw() {
        if (random.nextInt(requestsPerCut) != 0) return null;
        Cut cut = Cut.values()[random.nextInt(Cut.values().length)];
        cuts.merge(cut, 1, Integer::sum);
        return cut;
    }

    @Override
    public void close() {
        try {
            listener.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private final class Connection {
        private final Socket client;
        private final Socket broker;
        private volatile boolean withholdsReplies;

        Connection(Socket client, Socket broker) throws IOException {
            this.client = client;
            this.broker = broker;
            client.setTcpNoDelay(true);
            broker.setTcpNoDelay(true);
        }

        void forwardRequests() {
            try (client;
                    broker) {
                var requests = new DataInputStream(client.getInputStream());
                OutputStream toBroker = broker.getOutputStream();
                while (true) {
                    var frame = new byte[4 + requests.readInt()];
                    ByteBuffer.wrap(frame).putInt(frame.length - 4);
                    requests.readFully(frame, 4, frame.length - 4);
                    Cut cut = apiKeys.contains((int) ByteBuffer.wrap(frame).getShort(4)) ? draw() : null;
                    if (cut == Cut.BEFORE_THE_REQUEST) return;
                    if (cut == Cut.BEFORE_THE_REPLY) withholdsReplies = true;
                    toBroker.write(frame, 0, cut == Cut.IN_THE_REQUEST ? frame.length / 2 : frame.length);
                    toBroker.flush();
                    if (cut == Cut.IN_THE_REQUEST || cut == Cut.AFTER_THE_REQUEST) return;
                }
            } catch (IOException e) {
                // Either side has closed the connection, or the other direction has cut it: so it is over.
            }
        }

        void forwardReplies() {
            try (client;
                    broker) {
                InputStream replies = broker.getInputStream();
                var buffer = new byte[BUFFER_BYTES];
                for (int count = replies.read(buffer); count >= 0; count = replies.read(buffer)) {
                    if (withholdsReplies) return;
                    client.getOutputStream().write(buffer, 0, count);
                }
            } catch (IOException e) {
                // As above.
            }
        }
    }
}
