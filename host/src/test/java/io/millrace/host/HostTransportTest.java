package io.millrace.host;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.environment.Connection;
import io.millrace.environment.ConnectionEvents;
import io.millrace.environment.DiskFile;
import io.millrace.environment.Lane;
import io.millrace.environment.OpenMode;
import io.millrace.environment.Transport;
import io.millrace.testkit.SeededRandom;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class HostTransportTest {
    private static final InetSocketAddress ANY_PORT = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);

    private final CompletableFuture<Throwable> failure = new CompletableFuture<>();

    @TempDir
    Path directory = Path.of("");

    private HostEnvironment environment = start();

    private HostEnvironment start() {
        try {
            return HostEnvironment.start(2, 1, SocketOptions.DEFAULT, 0, (lane, cause) -> failure.complete(cause));
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    @AfterEach
    void stop() {
        environment.close();
        if (failure.isDone()) throw new AssertionError("a lane failed", failure.join());
    }

    /** Sends back what it gets; holds what the socket does not take, and then reads no more. */
    private static final class Echo implements ConnectionEvents {
        private final Connection connection;
        private final ByteBuffer buffer = ByteBuffer.allocateDirect(256 * 1024);
        private final CompletableFuture<String> closed;

        Echo(Connection connection, CompletableFuture<String> closed) {
            this.connection = connection;
            this.closed = closed;
        }

        @Override
        public void onReadable() {
            try {
                if (connection.read(buffer) < 0) {
                    connection.close();
                    closed.complete("ended by peer");
                    return;
                }
                send();
            } catch (IOException e) {
                connection.close();
                closed.complete(String.valueOf(e.getMessage()));
            }
        }

        @Override
        public void onWritable() {
            try {
                send();
            } catch (IOException e) {
                connection.close();
                closed.complete(String.valueOf(e.getMessage()));
            }
        }

        private void send() throws IOException {
            buffer.flip();
            int half = buffer.remaining() / 2;
            ByteBuffer first = buffer.slice(0, half);
            ByteBuffer second = buffer.slice(half, buffer.remaining() - half);
            long taken = connection.write(new ByteBuffer[] {first, second}, 0, 2);
            buffer.position((int) taken).compact();
            boolean isLeft = buffer.position() > 0;
            connection.wantWrites(isLeft);
            connection.wantReads(!isLeft);
        }

        @Override
        public void onClosed(@Nullable IOException cause) {
            closed.complete(cause == null ? "closed" : cause.getClass().getSimpleName() + ": " + cause.getMessage());
        }
    }

    private Transport.Listening listen(Transport.Acceptor acceptor) throws IOException {
        return environment.transport().listen(ANY_PORT, environment.lanes(), acceptor);
    }

    @Test
    void bytesComeBackAsTheyWereSentTenMegabytesAtATime() throws Exception {
        byte[] sent = new SeededRandom(1).bytes(10 * 1024 * 1024);
        try (var listening = listen((connection, lane) -> new Echo(connection, new CompletableFuture<>()));
                Socket socket = new Socket(
                        listening.address().getAddress(), listening.address().getPort())) {
            Thread writer = Thread.ofPlatform().start(() -> {
                try {
                    socket.getOutputStream().write(sent);
                } catch (IOException e) {
                    throw new AssertionError(e);
                }
            });
            byte[] received = new DataInputStream(socket.getInputStream()).readNBytes(sent.length);
            writer.join();
            assertArrayEquals(sent, received);
        }
    }

    @Test
    void connectionsAreDealtToAllLanesAndAnnouncedOnThem() throws Exception {
        Set<String> lanes = ConcurrentHashMap.newKeySet();
        Set<Long> ids = ConcurrentHashMap.newKeySet();
        try (var listening = listen((connection, lane) -> {
            assertTrue(lane.isCurrent());
            lanes.add(lane.name());
            ids.add(connection.id());
            return new Echo(connection, new CompletableFuture<>());
        })) {
            for (int i = 0; i < 4; i++) {
                try (Socket socket = new Socket(
                        listening.address().getAddress(), listening.address().getPort())) {
                    socket.getOutputStream().write(i);
                    assertEquals(i, socket.getInputStream().read());
                }
            }
            assertEquals(Set.of("lane-0", "lane-1"), lanes);
            assertEquals(4, ids.size());
        }
    }

    @Test
    void connectionsBeyondTheLimitOfOpenFilesAreClosedAndThoseWithinItAreServed() throws Exception {
        var descriptors = new Descriptors(16);
        assertEquals(12, descriptors.mostSockets());
        List<Socket> served = new ArrayList<>();
        try (var listening = new HostTransport(SocketOptions.DEFAULT, descriptors)
                .listen(
                        ANY_PORT,
                        environment.lanes(),
                        (connection, lane) -> new Echo(connection, new CompletableFuture<>()))) {
            for (int i = 0; i < 12; i++) {
                Socket socket = connectTo(listening);
                served.add(socket);
                socket.getOutputStream().write(i);
                assertEquals(i, socket.getInputStream().read());
            }
            try (Socket turnedAway = connectTo(listening)) {
                assertEquals(-1, turnedAway.getInputStream().read());
            }
            for (Socket socket : served) {
                socket.getOutputStream().write(7);
                assertEquals(7, socket.getInputStream().read());
            }
        } finally {
            for (Socket socket : served) socket.close();
        }
    }

    private static Socket connectTo(Transport.Listening listening) throws IOException {
        return new Socket(listening.address().getAddress(), listening.address().getPort());
    }

    /** An echo that goes to the other lane after every read. */
    private final class Wanderer implements ConnectionEvents {
        private final Connection connection;
        private final AtomicInteger moves;
        private final ByteBuffer buffer = ByteBuffer.allocateDirect(64 * 1024);
        private Lane lane;

        Wanderer(Connection connection, Lane lane, AtomicInteger moves) {
            this.connection = connection;
            this.lane = lane;
            this.moves = moves;
        }

        @Override
        public void onReadable() {
            assertTrue(lane.isCurrent());
            try {
                if (connection.read(buffer.clear()) < 0) {
                    connection.close();
                    return;
                }
                buffer.flip();
                while (buffer.hasRemaining()) connection.write(new ByteBuffer[] {buffer}, 0, 1);
            } catch (IOException e) {
                connection.close();
                return;
            }
            lane = environment.lanes().get(environment.lanes().get(0).equals(lane) ? 1 : 0);
            connection.moveTo(lane, moves::incrementAndGet);
        }

        @Override
        public void onWritable() {}

        @Override
        public void onClosed(@Nullable IOException cause) {}
    }

    @Test
    void connectionsThatMoveAtEveryReadLoseNothingAndAreToldOnTheirLaneOnly() throws Exception {
        AtomicInteger moves = new AtomicInteger();
        try (var listening = listen((connection, lane) -> new Wanderer(connection, lane, moves))) {
            List<Thread> clients = new ArrayList<>();
            ConcurrentLinkedQueue<Throwable> failures = new ConcurrentLinkedQueue<>();
            for (int c = 0; c < 4; c++) {
                SeededRandom random = new SeededRandom(c);
                clients.add(Thread.ofPlatform().start(() -> {
                    try (Socket socket = new Socket(
                            listening.address().getAddress(),
                            listening.address().getPort())) {
                        DataInputStream in = new DataInputStream(socket.getInputStream());
                        for (int i = 0; i < 2_000; i++) {
                            byte[] sent = random.bytes(1 + random.nextInt(200));
                            socket.getOutputStream().write(sent);
                            assertArrayEquals(sent, in.readNBytes(sent.length));
                        }
                    } catch (IOException | AssertionError e) {
                        failures.add(e);
                    }
                }));
            }
            for (Thread client : clients) client.join();
            assertEquals(List.of(), List.copyOf(failures));
            // The last move of each may still be under way.
            assertTrue(moves.get() >= 4 * (2_000 - 1), () -> moves + " moves");
        }
    }

    @Test
    void aTakenPortIsNamedInOneSentence() throws IOException {
        try (var listening = listen((connection, lane) -> new Echo(connection, new CompletableFuture<>()))) {
            assertNotEquals(0, listening.address().getPort());
            IOException refused = assertThrows(
                    IOException.class,
                    () -> environment
                            .transport()
                            .listen(
                                    listening.address(),
                                    environment.lanes(),
                                    (connection, lane) -> new Echo(connection, new CompletableFuture<>())));
            assertEquals(
                    "cannot listen on " + listening.address().getHostString() + ":"
                            + listening.address().getPort() + ": the port is in use by another process",
                    refused.getMessage());
        }
    }

    @Test
    void anAddressThatIsNotOursIsRefusedWithItsName() {
        IOException refused = assertThrows(
                IOException.class,
                () -> environment
                        .transport()
                        .listen(
                                new InetSocketAddress("192.0.2.1", 0),
                                environment.lanes(),
                                (connection, lane) -> new Echo(connection, new CompletableFuture<>())));
        assertEquals("cannot listen on 192.0.2.1:0: the address is not one of this machine's", refused.getMessage());
    }

    /** Sends ranges of a file, as far as the socket takes them. */
    private static final class FileSender implements ConnectionEvents {
        private final Connection connection;
        private final DiskFile file;
        private long position;
        private long left;

        FileSender(Connection connection, DiskFile file) throws IOException {
            this.connection = connection;
            this.file = file;
            this.left = file.sizeBytes();
        }

        @Override
        public void onReadable() {
            try {
                // Bytes left unread would turn our close into a reset, which takes what we sent with it.
                connection.read(ByteBuffer.allocate(1));
            } catch (IOException e) {
                throw new AssertionError(e);
            }
            onWritable();
        }

        @Override
        public void onWritable() {
            try {
                long taken;
                do {
                    taken = connection.transferFrom(file, position, left);
                    position += taken;
                    left -= taken;
                } while (left > 0 && taken > 0);
                connection.wantReads(false);
                connection.wantWrites(left > 0);
                if (left == 0) connection.close();
            } catch (IOException e) {
                throw new AssertionError(e);
            }
        }

        @Override
        public void onClosed(@Nullable IOException cause) {}
    }

    /** A file that is not the host's: its bytes have to take the long way. */
    private record Elsewhere(DiskFile behind) implements DiskFile {
        @Override
        public Path path() {
            return behind.path();
        }

        @Override
        public long sizeBytes() throws IOException {
            return behind.sizeBytes();
        }

        @Override
        public int read(long position, ByteBuffer into) throws IOException {
            return behind.read(position, into);
        }

        @Override
        public void write(long position, ByteBuffer from) {
            throw new AssertionError("not written");
        }

        @Override
        public void truncate(long sizeBytes) {
            throw new AssertionError("not truncated");
        }

        @Override
        public void force() {
            throw new AssertionError("not forced");
        }

        @Override
        public void close() throws IOException {
            behind.close();
        }
    }

    @Test
    void aFileIsSentWholeByTheKernelAndByTheLongWay() throws Exception {
        byte[] content = new SeededRandom(2).bytes(5_000_000);
        DiskFile file = environment.disk().open(directory.resolve("segment"), OpenMode.CREATE_NEW);
        file.write(0, ByteBuffer.wrap(content));
        ArrayDeque<DiskFile> toSend = new ArrayDeque<>();
        toSend.add(file);
        toSend.add(new Elsewhere(file));
        try (var listening = listen((connection, lane) -> {
            try {
                synchronized (toSend) {
                    return new FileSender(connection, toSend.remove());
                }
            } catch (IOException e) {
                throw new AssertionError(e);
            }
        })) {
            for (int i = 0; i < 2; i++) {
                try (Socket socket = new Socket(
                        listening.address().getAddress(), listening.address().getPort())) {
                    new DataOutputStream(socket.getOutputStream()).write(1);
                    assertArrayEquals(content, socket.getInputStream().readAllBytes());
                }
            }
        }
        file.close();
    }

    @Test
    void aRangePastTheEndOfItsFileIsAnErrorThatNamesTheFile() throws Exception {
        DiskFile file = environment.disk().open(directory.resolve("short"), OpenMode.CREATE_NEW);
        file.write(0, ByteBuffer.allocate(10));
        CompletableFuture<String> message = new CompletableFuture<>();
        try (var listening = listen((connection, lane) -> {
                    message.complete(
                            String.valueOf(assertThrows(IOException.class, () -> connection.transferFrom(file, 10, 5))
                                    .getMessage()));
                    return new Echo(connection, new CompletableFuture<>());
                });
                Socket socket = new Socket(
                        listening.address().getAddress(), listening.address().getPort())) {
            assertTrue(message.join().startsWith(file.path() + ": the file ends at 10"), message.join());
            assertTrue(socket.isConnected());
        }
        file.close();
    }

    /** Connects, and tells how that went. */
    private static final class Dialled implements ConnectionEvents {
        private final CompletableFuture<String> outcome = new CompletableFuture<>();

        @Override
        public void onConnected() {
            outcome.complete("connected");
        }

        @Override
        public void onReadable() {}

        @Override
        public void onWritable() {}

        @Override
        public void onClosed(@Nullable IOException cause) {
            String kind = cause instanceof ConnectException ? "refused by " : "";
            outcome.complete(cause == null ? "closed" : kind + cause.getMessage());
        }
    }

    private String dial(InetSocketAddress address) {
        Lane lane = environment.metadataLane();
        Dialled events = new Dialled();
        lane.execute(() -> environment.transport().connect(address, lane, events));
        return events.outcome.join();
    }

    @Test
    void connectingTellsOfSuccessOfRefusalAndOfUnknownNames() throws IOException {
        InetSocketAddress address;
        try (var listening = listen((connection, lane) -> new Echo(connection, new CompletableFuture<>()))) {
            address = listening.address();
            assertEquals("connected", dial(address));
            assertEquals("connected", dial(InetSocketAddress.createUnresolved("localhost", address.getPort())));
        }
        environment.close();
        environment = start();
        String refused = dial(address);
        assertTrue(refused.startsWith("refused by "), refused);
        assertTrue(refused.contains(":" + address.getPort() + ": Connection refused"), refused);
        String unknown = dial(InetSocketAddress.createUnresolved("no-such-host.invalid", 9092));
        assertEquals("no-such-host.invalid:9092: the host name is not known", unknown);
    }

    @Test
    void stoppingTheLanesClosesTheirConnectionsAndSaysSo() throws Exception {
        CompletableFuture<String> closed = new CompletableFuture<>();
        try (var listening = listen((connection, lane) -> new Echo(connection, closed));
                Socket socket = new Socket(
                        listening.address().getAddress(), listening.address().getPort())) {
            socket.getOutputStream().write(1);
            assertEquals(1, socket.getInputStream().read());
            environment.close();
            assertTrue(closed.join().startsWith("LaneStopped: "), closed.join());
            assertTrue(closed.join().endsWith("lane lane-0 has stopped"), closed.join());
            assertEquals(-1, socket.getInputStream().read());
        }
    }

    @Test
    void aConnectionClosedAtOnceByItsAcceptorIsClosedForItsPeer() throws Exception {
        try (var listening = listen((connection, lane) -> {
                    connection.close();
                    return new Echo(connection, new CompletableFuture<>());
                });
                Socket socket = new Socket(
                        listening.address().getAddress(), listening.address().getPort())) {
            assertEquals(-1, socket.getInputStream().read());
        }
    }
}
