package io.millrace.host;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.environment.Connection;
import io.millrace.environment.ConnectionEvents;
import io.millrace.environment.Lane;
import io.millrace.testkit.SeededRandom;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLContext;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Our end of TLS against the JDK's blocking sockets at the other. */
@Timeout(60)
class TlsTransportTest {
    private static final int BYTES = 3_000_000;

    @TempDir
    Path directory = Path.of("");

    private final CompletableFuture<Throwable> failure = new CompletableFuture<>();
    private final HostHelpers helpers = new HostHelpers(1);
    private final HostLane lane = lane();

    private HostLane lane() {
        try {
            HostLane started = new HostLane("test", helpers, (name, cause) -> failure.complete(cause), true);
            started.start();
            return started;
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    @AfterEach
    void stop() {
        lane.stop();
        assertTrue(lane.awaitStopped(10_000), "the lane stops");
        helpers.close();
        if (failure.isDone()) throw new AssertionError("the lane failed", failure.join());
    }

    private static ServerSocket echoing(SSLContext context) throws IOException {
        ServerSocket listener =
                context.getServerSocketFactory().createServerSocket(0, 4, InetAddress.getLoopbackAddress());
        Thread.ofVirtual().start(() -> {
            try (Socket peer = listener.accept()) {
                InputStream in = peer.getInputStream();
                OutputStream out = peer.getOutputStream();
                byte[] buffer = new byte[40_000];
                for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) out.write(buffer, 0, read);
            } catch (IOException ended) {
                // Refused by the client, which is what some tests are about.
                return;
            }
        });
        return listener;
    }

    /** Sends bytes and collects what comes back, in pieces of all sizes, now and then without reading for a turn. */
    private static final class Sender implements ConnectionEvents {
        private final Lane lane;
        private final ByteBuffer toSend;
        private final SeededRandom random = new SeededRandom(7);
        private final ByteArrayOutputStream came = new ByteArrayOutputStream();
        private final CompletableFuture<byte[]> done = new CompletableFuture<>();
        private @Nullable Connection connection;

        Sender(Lane lane, byte[] bytes) {
            this.lane = lane;
            this.toSend = ByteBuffer.wrap(bytes);
        }

        private Connection open() {
            Connection there = connection;
            if (there == null) throw new AssertionError("told before it is there");
            return there;
        }

        @Override
        public void onConnected() {
            onWritable();
        }

        @Override
        public void onWritable() {
            try {
                while (toSend.hasRemaining()) {
                    int end = toSend.limit();
                    toSend.limit(Math.min(end, toSend.position() + 1 + random.nextInt(70_000)));
                    ByteBuffer piece = toSend.slice();
                    long taken = open().write(new ByteBuffer[] {piece}, 0, 1);
                    toSend.limit(end);
                    toSend.position(toSend.position() + (int) taken);
                    if (piece.hasRemaining()) break;
                }
                open().wantWrites(toSend.hasRemaining());
            } catch (IOException e) {
                done.completeExceptionally(e);
            }
        }

        @Override
        public void onReadable() {
            try {
                ByteBuffer into = ByteBuffer.allocate(1 + random.nextInt(30_000));
                int read = open().read(into);
                if (read < 0) throw new IOException("ended early");
                came.write(into.array(), 0, read);
                if (came.size() >= BYTES) {
                    open().close();
                    done.complete(came.toByteArray());
                } else if (random.nextInt(10) == 0) {
                    open().wantReads(false);
                    lane.execute(() -> open().wantReads(true));
                }
            } catch (IOException e) {
                done.completeExceptionally(e);
            }
        }

        @Override
        public void onClosed(@Nullable IOException cause) {
            done.completeExceptionally(cause == null ? new IOException("closed") : cause);
        }
    }

    private Sender connect(
            ServerSocket listener, String host, SSLContext trusting, byte[] bytes, List<String> versions) {
        TlsTransport transport =
                new TlsTransport(new HostTransport(), new TlsClientSettings(trusting, true, versions, List.of()));
        Sender sender = new Sender(lane, bytes);
        lane.execute(() -> sender.connection =
                transport.connect(InetSocketAddress.createUnresolved(host, listener.getLocalPort()), lane, sender));
        return sender;
    }

    private static byte[] randomBytes() {
        byte[] bytes = new byte[BYTES];
        SeededRandom random = new SeededRandom(11);
        for (int i = 0; i < bytes.length; i++) bytes[i] = (byte) random.nextInt(256);
        return bytes;
    }

    @Test
    void allBytesComeBackInTheirOrderWhateverThePieces() throws Exception {
        SelfSigned signed = SelfSigned.madeOutFor(directory, "dns:localhost,ip:127.0.0.1");
        byte[] bytes = randomBytes();
        for (String version : List.of("TLSv1.3", "TLSv1.2")) {
            try (ServerSocket listener = echoing(signed.own())) {
                Sender sender = connect(listener, "localhost", signed.trusting(), bytes, List.of(version));
                assertArrayEquals(bytes, sender.done.get(50, TimeUnit.SECONDS), version);
            }
        }
    }

    private static String refusal(Sender sender) throws Exception {
        return sender.done.handle((came, cause) -> String.valueOf(cause)).get(50, TimeUnit.SECONDS);
    }

    @Test
    void aPeerThatIsNotTrustedOrNotTheOneThatWasDialledIsRefused() throws Exception {
        SelfSigned other = SelfSigned.madeOutFor(directory, "dns:elsewhere");
        SelfSigned stranger = SelfSigned.madeOutFor(directory, "dns:localhost");
        try (ServerSocket listener = echoing(other.own())) {
            String said = refusal(connect(listener, "localhost", stranger.trusting(), new byte[1], List.of()));
            assertTrue(said.contains("localhost:" + listener.getLocalPort() + ": no TLS: "), said);
            assertTrue(said.contains("PKIX"), said);
        }
        try (ServerSocket listener = echoing(other.own())) {
            String said = refusal(connect(listener, "localhost", other.trusting(), new byte[1], List.of()));
            assertTrue(said.contains("localhost"), said);
            assertTrue(said.contains("no TLS: "), said);
        }
    }

    @Test
    void aPeerThatSpeaksNoTlsIsSaid() throws Exception {
        SelfSigned signed = SelfSigned.madeOutFor(directory, "dns:localhost");
        try (ServerSocket listener = new ServerSocket(0, 4, InetAddress.getLoopbackAddress())) {
            Thread.ofVirtual().start(() -> {
                try (Socket peer = listener.accept()) {
                    peer.getOutputStream().write(new byte[] {0, 0, 0, 4, 1, 2, 3, 4, 5, 6, 7, 8});
                    assertTrue(peer.getInputStream().read() >= 0, "its hello comes");
                } catch (IOException ended) {
                    return;
                }
            });
            String said = refusal(connect(listener, "localhost", signed.trusting(), new byte[1], List.of()));
            assertTrue(said.contains("no TLS: "), said);
            assertEquals(-1, said.indexOf("ended early"));
        }
    }
}
