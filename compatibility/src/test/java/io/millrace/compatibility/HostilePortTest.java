package io.millrace.compatibility;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.compatibility.program.JavaClients;
import java.io.IOException;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.message.ApiMessageType;
import org.apache.kafka.common.message.MetadataRequestData;
import org.apache.kafka.common.protocol.ApiMessage;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledIfSystemProperty;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Whatever arrives on the port, the broker stays up and small, and clients beside it do not notice. */
final class HostilePortTest {
    private static final long SEED = 0xbadf00d;
    private static final int FRAME_COUNT = 10_000;
    private static final int FRAMES_PER_CONNECTION = 10;
    private static final int HALF_FRAMES_HELD_OPEN = 300;
    private static final int OVERSIZED_FRAMES = 500;
    private static final int RANDOM_BYTES = 1_000_000;

    /** What a broker may grow by: far less than the oversized frames would take. */
    private static final long GROWTH_BYTES = 256L << 20;

    private static final List<ApiMessageType> LIVING_APIS = Arrays.stream(ApiMessageType.values())
            .filter(type -> type.highestSupportedVersion(true) >= type.lowestSupportedVersion())
            .toList();

    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final String TOPIC = "beside";

    @RegisterExtension
    static final BrokerUnderTest broker = BrokerUnderTest.with("auto.create.topics.enable=false");

    private final Random random = new Random(SEED);
    private final AtomicBoolean besideGoesOn = new AtomicBoolean(true);
    private final AtomicInteger besideRoundTrips = new AtomicInteger();
    private final AtomicReference<Throwable> besideFailure = new AtomicReference<>();
    private Thread beside;
    private long residentBefore;

    @BeforeEach
    void aClientWorksBeside() throws Exception {
        try (var admin = JavaClients.admin(broker.bootstrap())) {
            if (!admin.listTopics().names().get().contains(TOPIC)) {
                admin.createTopics(List.of(new NewTopic(TOPIC, 1, (short) 1)))
                        .all()
                        .get();
            }
        }
        beside = Thread.ofPlatform().start(this::roundTrips);
        Await.until("the client beside works", PATIENCE, () -> besideRoundTrips.get() > 50, () -> "" + besideFailure);
        residentBefore = broker.residentBytes();
    }

    /** Writes and reads a record again and again. No retries and short timeouts, so that it notices any trouble. */
    private void roundTrips() {
        String[] strict = {"retries", "0", "enable.idempotence", "false", "request.timeout.ms", "10000"};
        try (var producer = JavaClients.producer(broker.bootstrap(), strict);
                var consumer = JavaClients.consumer(broker.bootstrap())) {
            var partition = new TopicPartition(TOPIC, 0);
            consumer.assign(List.of(partition));
            consumer.seekToEnd(List.of(partition));
            consumer.position(partition);
            while (besideGoesOn.get()) {
                byte[] value = ("record " + besideRoundTrips.get()).getBytes(StandardCharsets.UTF_8);
                producer.send(new ProducerRecord<>(TOPIC, 0, null, value)).get();
                byte[] found = JavaClients.take(consumer, 1).getFirst().value();
                if (!Arrays.equals(value, found)) throw new AssertionError("not what was written");
                besideRoundTrips.incrementAndGet();
            }
        } catch (Throwable e) {
            besideFailure.set(e);
        }
    }

    @AfterEach
    void theClientBesideDidNotNotice() throws Exception {
        int before = besideRoundTrips.get();
        Await.until(
                "the client beside still works",
                PATIENCE,
                () -> besideRoundTrips.get() > before + 20,
                () -> "" + besideFailure);
        besideGoesOn.set(false);
        beside.join();
        if (besideFailure.get() != null) throw new AssertionError("the client beside failed", besideFailure.get());
        assertTrue(broker.isRunning());
        long growth = broker.residentBytes() - residentBefore;
        assertTrue(growth < GROWTH_BYTES, () -> "resident memory grew by " + (growth >> 20) + " MB");
    }

    @Test
    void tenThousandGarbageFramesDoNoHarm() throws IOException {
        for (int sent = 0; sent < FRAME_COUNT; sent += FRAMES_PER_CONNECTION) {
            try (var connection = new RawConnection(broker.port())) {
                for (int at = 0; at < FRAMES_PER_CONNECTION; at++) sendUnlessClosed(connection, garbageFrame());
            }
        }
    }

    /** Nonsense of several kinds: pure noise, a known API with noise for a body, a real request with bytes changed. */
    private byte[] garbageFrame() {
        int kind = random.nextInt(3);
        ApiMessageType type = LIVING_APIS.get(random.nextInt(LIVING_APIS.size()));
        if (kind == 0) return withSize(noise(random.nextInt(200)));
        if (kind == 1) {
            byte[] noise = noise(10 + random.nextInt(200));
            short version = (short) random.nextInt(type.highestSupportedVersion(true) + 2);
            ByteBuffer.wrap(noise).putShort(type.apiKey()).putShort(version);
            return withSize(noise);
        }
        ApiMessage request = type.newRequest();
        byte[] frame = RawConnection.frame(request, type.lowestSupportedVersion(), random.nextInt());
        for (int flips = 1 + random.nextInt(4); flips > 0; flips--) {
            frame[8 + random.nextInt(frame.length - 8)] = (byte) random.nextInt(256);
        }
        return frame;
    }

    private byte[] noise(int byteCount) {
        var noise = new byte[byteCount];
        random.nextBytes(noise);
        return noise;
    }

    private static byte[] withSize(byte[] content) {
        return ByteBuffer.allocate(4 + content.length)
                .putInt(content.length)
                .put(content)
                .array();
    }

    @Test
    void halfFramesHeldOpenDoNoHarm() throws IOException {
        byte[] whole = RawConnection.frame(new MetadataRequestData(), 12, 1);
        var connections = new ArrayList<RawConnection>();
        try {
            for (int at = 0; at < HALF_FRAMES_HELD_OPEN; at++) {
                var connection = new RawConnection(broker.port());
                connections.add(connection);
                connection.send(Arrays.copyOf(whole, 1 + random.nextInt(whole.length - 1)));
            }
            int before = besideRoundTrips.get();
            Await.until(
                    "the client beside works while they are open",
                    PATIENCE,
                    () -> besideRoundTrips.get() > before + 20);
        } finally {
            for (var connection : connections) connection.close();
        }
    }

    @Test
    void oversizedAndNegativeLengthsAreRefusedWithoutMakingRoomForThem() throws IOException {
        int[] lengths = {-1, Integer.MIN_VALUE, Integer.MAX_VALUE, 104857601, 1 << 30};
        for (int at = 0; at < OVERSIZED_FRAMES; at++) {
            try (var connection = new RawConnection(broker.port())) {
                connection.send(ByteBuffer.allocate(4)
                        .putInt(lengths[at % lengths.length])
                        .array());
                assertEquals(0, connection.receiveAll(10_000).length, "it is refused by closing the connection");
            }
        }
    }

    @Test
    @DisabledIfSystemProperty(named = "millrace.compat.broker", matches = "apache", disabledReason = "it believes them")
    void framesThatClaimTheLargestLengthAndStayEmptyTakeNoMemory() throws IOException {
        var connections = new ArrayList<RawConnection>();
        try {
            for (int at = 0; at < 50; at++) { // 5 GB, if the broker believed them
                var connection = new RawConnection(broker.port());
                connections.add(connection);
                connection.send(ByteBuffer.allocate(4).putInt(104857600).array());
                connection.send(Arrays.copyOfRange(RawConnection.frame(new MetadataRequestData(), 12, 1), 4, 20));
            }
            int before = besideRoundTrips.get();
            Await.until(
                    "the client beside works while they are open",
                    PATIENCE,
                    () -> besideRoundTrips.get() > before + 20);
            long growth = broker.residentBytes() - residentBefore;
            assertTrue(growth < GROWTH_BYTES, () -> "resident memory grew by " + (growth >> 20) + " MB");
        } finally {
            for (var connection : connections) connection.close();
        }
    }

    @Test
    void aMillionRandomBytesDoNoHarm() throws IOException {
        int sent = 0;
        while (sent < RANDOM_BYTES) {
            try (var connection = new RawConnection(broker.port())) {
                byte[] noise = noise(1 + random.nextInt(5_000));
                sendUnlessClosed(connection, noise);
                sent += noise.length;
            }
        }
    }

    private static void sendUnlessClosed(RawConnection connection, byte[] bytes) throws IOException {
        try {
            connection.send(bytes);
        } catch (SocketException e) {
            if (!String.valueOf(e.getMessage()).matches(".*(Broken pipe|reset).*")) throw e;
        }
    }

    @Test
    @DisabledIfSystemProperty(
            named = "millrace.compat.broker",
            matches = "apache",
            disabledReason = "Apache says nothing")
    void aBrowserIsToldWhatThisPortIs() throws IOException {
        try (var connection = new RawConnection(broker.port())) {
            connection.send("GET / HTTP/1.1\r\nHost: here\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
            String answer = new String(connection.receiveAll(5_000), StandardCharsets.UTF_8);
            boolean toldOrLogged = answer.contains("Kafka") || logHas("HTTP");
            assertTrue(toldOrLogged, () -> "answer: " + answer + "\nlog: " + broker.log());
        }
    }

    @Test
    @DisabledIfSystemProperty(
            named = "millrace.compat.broker",
            matches = "apache",
            disabledReason = "Apache says nothing")
    void aTlsHelloIsCalledThatInTheLog() throws IOException {
        try (var connection = new RawConnection(broker.port())) {
            var hello = new byte[200];
            random.nextBytes(hello);
            ByteBuffer.wrap(hello).put(new byte[] {0x16, 3, 1, 0, (byte) 195, 1, 0, 0, (byte) 191, 3, 3});
            connection.send(hello);
            connection.receiveAll(5_000);
            Await.until("the log speaks of TLS", PATIENCE, () -> logHas("TLS"), broker::log);
        }
    }

    private static boolean logHas(String word) {
        return broker.log().contains(word);
    }
}
