package io.millrace.simulator;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.environment.Connection;
import io.millrace.environment.ConnectionEvents;
import io.millrace.environment.DiskFile;
import io.millrace.environment.OpenMode;
import io.millrace.environment.Transport;
import io.millrace.testkit.Property;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.BindException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class SimulatedNetworkTest {
    private static final InetSocketAddress ADDRESS = SimulatedTransport.loopback(9092);

    /** One end: keeps what it reads, sends what it has, and knows how it ended. */
    private static final class End implements ConnectionEvents {
        final ByteArrayOutputStream received = new ByteArrayOutputStream();
        final List<Integer> readCounts = new ArrayList<>();
        final List<Long> writeCounts = new ArrayList<>();

        @Nullable
        Connection connection;

        ByteBuffer toSend = ByteBuffer.allocate(0);
        boolean isConnected;
        boolean isEnded;

        @Nullable
        IOException failure;

        private Connection connection() {
            Connection mine = connection;
            assertNotNull(mine);
            return mine;
        }

        @Override
        public void onConnected() {
            isConnected = true;
            onWritable();
        }

        @Override
        public void onReadable() {
            ByteBuffer into = ByteBuffer.allocate(1000);
            try {
                int count = connection().read(into);
                readCounts.add(count);
                if (count > 0) received.write(into.array(), 0, count);
                if (count == -1) {
                    isEnded = true;
                    connection().close();
                }
            } catch (IOException e) {
                failure = e;
                connection().close();
            }
        }

        @Override
        public void onWritable() {
            try {
                if (toSend.hasRemaining()) writeCounts.add(connection().write(new ByteBuffer[] {toSend}, 0, 1));
                connection().wantWrites(toSend.hasRemaining());
            } catch (IOException e) {
                failure = e;
                connection().close();
            }
        }

        @Override
        public void onClosed(@Nullable IOException cause) {
            failure = cause;
        }
    }

    /** Two machines and one connection between them. */
    private static final class Pair {
        final Simulation simulation;
        final SimulatedNode server;
        final SimulatedNode client;
        final End near = new End();
        final End far = new End();

        Pair(long seed) {
            simulation = new Simulation(seed);
            SimulatedNetwork network = new SimulatedNetwork(simulation);
            server = network.addNode(1);
            client = network.addNode(1);
        }

        void listen() {
            try {
                server.environment()
                        .transport()
                        .listen(ADDRESS, server.environment().lanes(), (accepted, lane) -> {
                            far.connection = accepted;
                            return far;
                        });
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        void connect() {
            var lane = client.environment().lanes().getFirst();
            lane.execute(
                    () -> near.connection = client.environment().transport().connect(ADDRESS, lane, near));
        }

        void establish() {
            listen();
            connect();
            simulation.runUntil(() -> near.isConnected && far.connection != null, 10);
        }

        void onServer(Runnable task) {
            server.environment().lanes().getFirst().execute(task);
            simulation.runFor(1);
        }

        void onClient(Runnable task) {
            client.environment().lanes().getFirst().execute(task);
            simulation.runFor(1);
        }
    }

    @Test
    void bytesArriveInOrderHoweverTheyAreCut() {
        Property.check(30, random -> {
            Pair pair = new Pair(random.nextLong());
            byte[] content = random.bytes(random.nextInt(200_000));
            pair.near.toSend = ByteBuffer.wrap(content);
            pair.establish();
            pair.simulation.runUntil(() -> pair.far.received.size() == content.length, 600_000);
            assertArrayEquals(content, pair.far.received.toByteArray());
        });
    }

    @Test
    void writesArePartialAndReadsAreCutAtOddPlaces() {
        boolean partialWrite = false;
        boolean oddRead = false;
        for (int seed = 0; seed < 20; seed++) {
            Pair pair = new Pair(seed);
            pair.near.toSend = ByteBuffer.allocate(300_000);
            pair.establish();
            pair.simulation.runUntil(() -> pair.far.received.size() == 300_000, 600_000);
            partialWrite |= pair.near.writeCounts.getFirst() < 256 * 1024;
            oddRead |= pair.far.readCounts.stream().anyMatch(count -> count % 100 != 0);
        }
        assertTrue(partialWrite);
        assertTrue(oddRead);
    }

    @Test
    void aPeerThatDoesNotReadStopsTheWriter() {
        Property.check(20, random -> {
            Pair pair = new Pair(random.nextLong());
            pair.establish();
            pair.onServer(() -> pair.far.connection().wantReads(false));
            pair.near.toSend = ByteBuffer.allocate(400_000);
            pair.onClient(() -> pair.near.connection().wantWrites(true));
            pair.simulation.runFor(1000);
            assertEquals(0, pair.far.received.size());
            assertTrue(pair.near.toSend.remaining() >= 400_000 - 256 * 1024);
            pair.onServer(() -> pair.far.connection().wantReads(true));
            pair.simulation.runUntil(() -> pair.far.received.size() == 400_000, 600_000);
        });
    }

    @Test
    void fileBytesTravelLikeOthers() {
        Property.check(20, random -> {
            Pair pair = new Pair(random.nextLong());
            byte[] content = random.bytes(1 + random.nextInt(100_000));
            DiskFile file = pair.client.disk().open(Path.of("file"), OpenMode.CREATE);
            file.write(0, ByteBuffer.wrap(content));
            pair.establish();
            int[] sent = {0};
            while (sent[0] < content.length) {
                pair.onClient(() -> {
                    try {
                        sent[0] += (int) pair.near.connection().transferFrom(file, sent[0], content.length - sent[0]);
                    } catch (IOException e) {
                        throw new UncheckedIOException(e);
                    }
                });
            }
            pair.simulation.runUntil(() -> pair.far.received.size() == content.length, 60_000);
            assertArrayEquals(content, pair.far.received.toByteArray());
        });
    }

    @Test
    void whereNobodyListensConnectionsAreRefused() {
        Pair pair = new Pair(3);
        pair.connect();
        pair.simulation.runFor(10);
        assertInstanceOf(ConnectException.class, pair.near.failure);
        assertFalse(pair.near.isConnected);
    }

    @Test
    void aPortIsTakenUntilItsListenerOrMachineIsGone() throws IOException {
        Pair pair = new Pair(3);
        pair.listen();
        Transport transport = pair.client.environment().transport();
        var lanes = pair.client.environment().lanes();
        assertThrows(BindException.class, () -> transport.listen(ADDRESS, lanes, (accepted, lane) -> pair.near));
        pair.server.kill();
        transport.listen(ADDRESS, lanes, (accepted, lane) -> pair.near).close();
        transport.listen(ADDRESS, lanes, (accepted, lane) -> pair.near);
    }

    @Test
    void aCloseComesAfterTheLastByte() {
        Property.check(30, random -> {
            Pair pair = new Pair(random.nextLong());
            pair.establish();
            pair.near.toSend = ByteBuffer.allocate(400);
            pair.onClient(() -> {
                while (pair.near.toSend.hasRemaining()) pair.near.onWritable();
                pair.near.connection().close();
            });
            pair.simulation.runUntil(() -> pair.far.isEnded, 1000);
            assertEquals(400, pair.far.received.size());
        });
    }

    @Test
    void aKilledProcessIsNoticedByItsPeer() {
        Property.check(30, random -> {
            Pair pair = new Pair(random.nextLong());
            pair.establish();
            pair.near.toSend = ByteBuffer.allocate(random.nextInt(2) * 5000);
            pair.client.environment().lanes().getFirst().execute(pair.near::onWritable);
            pair.simulation.afterMs(0, pair.server::kill);
            pair.simulation.runUntil(() -> pair.near.isEnded || pair.near.failure != null, 1000);
        });
    }

    @Test
    void aPowerCutIsNoticedInTheEnd() {
        Property.check(30, random -> {
            Pair pair = new Pair(random.nextLong());
            pair.establish();
            pair.server.cutPower();
            pair.simulation.runUntil(() -> pair.near.failure != null, 5000);
        });
    }

    @Test
    void aCutConnectionBreaksAtBothEndsAndDeliversAPrefix() {
        Property.check(30, random -> {
            Pair pair = new Pair(random.nextLong());
            byte[] content = random.bytes(100_000);
            pair.near.toSend = ByteBuffer.wrap(content);
            pair.establish();
            pair.simulation.after(random.nextInt(500_000), pair.client::cutConnections);
            pair.simulation.runUntil(() -> pair.near.failure != null && pair.far.failure != null, 1000);
            byte[] received = pair.far.received.toByteArray();
            assertArrayEquals(java.util.Arrays.copyOf(content, received.length), received);
        });
    }

    @Test
    void writingToAPeerThatHasClosedEndsInAReset() {
        Pair pair = new Pair(5);
        pair.establish();
        pair.onClient(() -> pair.near.connection().wantReads(false));
        pair.onServer(() -> pair.far.connection().close());
        pair.near.toSend = ByteBuffer.allocate(10);
        pair.onClient(pair.near::onWritable);
        pair.near.toSend = ByteBuffer.allocate(10);
        pair.onClient(pair.near::onWritable);
        assertNotNull(pair.near.failure);
    }
}
