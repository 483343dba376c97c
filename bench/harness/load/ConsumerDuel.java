import com.sun.management.OperatingSystemMXBean;
import com.sun.management.ThreadMXBean;
import io.millrace.client.consumer.Consumer;
import io.millrace.client.consumer.ConsumerOptions;
import io.millrace.client.consumer.Deserializers;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/**
 * One client, one thread, all records of a topic as fast as they come: what the client's process needs for them. Arguments: official
 * or ours, bootstrap, topic, records a part, parts, bytes a value, assigned, kept, member or in-place (which the official one cannot), group,
 * then consumer properties as NAME=VALUE. Prints a line of JSON for each part; each reads from the beginning, and looks at every value.
 */
public final class ConsumerDuel {
    private static final Duration POLL = Duration.ofSeconds(10);

    /** What both clients can do. */
    private interface Client extends AutoCloseable {
        void subscribe();

        void assign();

        void rewind();

        /** How many records a poll gave; checks their values. */
        int poll();

        @Override
        void close();
    }

    /** What an application keeps of a poll until the next one, if it keeps records. */
    private static final List<Object> KEPT = new ArrayList<>();

    private static final class Official implements Client {
        private final String topic;
        private final int valueBytes;
        private final boolean isKeeping;
        private final KafkaConsumer<byte[], byte[]> consumer;

        Official(String topic, int valueBytes, boolean isKeeping, Map<String, Object> properties) {
            this.topic = topic;
            this.isKeeping = isKeeping;
            this.valueBytes = valueBytes;
            consumer = new KafkaConsumer<>(properties, new ByteArrayDeserializer(), new ByteArrayDeserializer());
        }

        @Override
        public void subscribe() {
            consumer.subscribe(List.of(topic));
        }

        @Override
        public void assign() {
            consumer.assign(consumer.partitionsFor(topic).stream()
                    .map(each -> new TopicPartition(topic, each.partition()))
                    .toList());
            rewind();
        }

        @Override
        public void rewind() {
            consumer.seekToBeginning(consumer.assignment());
        }

        @Override
        public int poll() {
            if (isKeeping) {
                KEPT.clear();
                for (var each : consumer.poll(POLL)) {
                    check(each.value(), valueBytes);
                    KEPT.add(each);
                }
                return KEPT.size();
            }
            int count = 0;
            for (var each : consumer.poll(POLL)) count += check(each.value(), valueBytes);
            return count;
        }

        @Override
        public void close() {
            consumer.close();
        }
    }

    private static final class Ours implements Client {
        private final String topic;
        private final int valueBytes;
        private final boolean isInPlace;
        private final boolean isKeeping;
        private final Consumer<byte[], byte[]> consumer;

        Ours(String topic, int valueBytes, String how, Map<String, Object> properties) {
            this.topic = topic;
            this.isInPlace = how.equals("in-place");
            this.isKeeping = how.equals("kept");
            this.valueBytes = valueBytes;
            consumer = Consumer.open(ConsumerOptions.of(properties), Deserializers.bytes(), Deserializers.bytes());
        }

        @Override
        public void subscribe() {
            consumer.subscribe(List.of(topic));
        }

        @Override
        public void assign() {
            consumer.assign(consumer.partitionsFor(topic));
            rewind();
        }

        @Override
        public void rewind() {
            consumer.seekToBeginning(consumer.assignment());
        }

        @Override
        public int poll() {
            if (isInPlace) return consumer.poll(POLL, record -> check(record.value(), valueBytes));
            if (isKeeping) {
                KEPT.clear();
                for (var each : consumer.poll(POLL)) {
                    check(each.value(), valueBytes);
                    KEPT.add(each);
                }
                return KEPT.size();
            }
            int count = 0;
            for (var each : consumer.poll(POLL)) count += check(each.value(), valueBytes);
            return count;
        }

        @Override
        public void close() {
            consumer.close();
        }
    }

    private static void check(ByteBuffer value, int valueBytes) {
        if (value.remaining() != valueBytes || value.get(value.limit() - 1) == 0) throw new IllegalStateException("another record");
    }

    /** 1 for a record of the topic. */
    private static int check(byte[] value, int valueBytes) {
        if (value.length != valueBytes || value[valueBytes - 1] == 0) throw new IllegalStateException("another record");
        return 1;
    }

    public static void main(String[] arguments) {
        Map<String, Object> properties = new HashMap<>();
        properties.put("bootstrap.servers", arguments[1]);
        properties.put("auto.offset.reset", "earliest");
        boolean isMember = arguments[6].equals("member");
        if (isMember) properties.put("group.id", arguments[7]);
        for (int i = 8; i < arguments.length; i++) {
            String[] pair = arguments[i].split("=", 2);
            properties.put(pair[0], pair[1]);
        }
        String topic = arguments[2];
        int records = Integer.parseInt(arguments[3]);
        int valueBytes = Integer.parseInt(arguments[5]);
        OperatingSystemMXBean process = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        try (Client client = arguments[0].equals("ours")
                ? new Ours(topic, valueBytes, arguments[6], properties)
                : new Official(topic, valueBytes, arguments[6].equals("kept"), properties)) {
            if (isMember) client.subscribe();
            else client.assign();
            read(client, 1);
            long firstMs = System.currentTimeMillis() - ManagementFactory.getRuntimeMXBean().getStartTime();
            for (int part = 0; part < Integer.parseInt(arguments[4]); part++) {
                long asked = System.nanoTime();
                client.rewind();
                // Before the clock starts: what the broker was asked for at the log's end it may keep for fetch.max.wait.ms.
                int measured = records - read(client, 1);
                double seekMs = (System.nanoTime() - asked) / 1e6;
                long cpuNanos = process.getProcessCpuTime();
                long allocated = threads.getTotalThreadAllocatedBytes();
                long began = System.nanoTime();
                read(client, measured);
                double seconds = (System.nanoTime() - began) / 1e9;
                System.out.printf(
                        Locale.ROOT,
                        "{\"client\":\"%s\",\"part\":%d,\"firstRecordMs\":%d,\"seekMs\":%.1f,\"recordsPerSecond\":%.0f,\"cpuSecondsPerMillion\":%.3f,"
                                + "\"bytesAllocatedPerRecord\":%.1f}%n",
                        arguments[0],
                        part,
                        firstMs,
                        seekMs,
                        measured / seconds,
                        (process.getProcessCpuTime() - cpuNanos) / 1e3 / measured,
                        (double) (threads.getTotalThreadAllocatedBytes() - allocated) / measured);
            }
        }
    }

    /** Polls until at least so many records came; how many that are. */
    private static int read(Client client, int records) {
        int idle = 0;
        int count = 0;
        while (count < records) {
            int came = client.poll();
            count += came;
            idle = came == 0 ? idle + 1 : 0;
            if (idle == 3) throw new IllegalStateException(count + " records came of " + records + ", and no more");
        }
        return count;
    }
}
