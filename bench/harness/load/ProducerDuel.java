import com.sun.management.OperatingSystemMXBean;
import com.sun.management.ThreadMXBean;
import io.millrace.client.producer.Producer;
import io.millrace.client.producer.ProducerOptions;
import io.millrace.client.producer.Serializers;
import java.lang.management.ManagementFactory;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * One client, one thread, records of one size as fast as they go: what the client's process needs for them. Arguments: official or
 * ours, bootstrap, topic, records a round, rounds, bytes a value, keys (0 for none), then producer properties as NAME=VALUE. Prints a line of JSON for each
 * round; a round ends when all its records are acknowledged.
 */
public final class ProducerDuel {
    /** What both clients can do. */
    private interface Client extends AutoCloseable {
        void send(byte[] key, byte[] value);

        void flush();

        @Override
        void close();
    }

    private static Client official(String topic, Map<String, Object> properties) {
        KafkaProducer<byte[], byte[]> producer =
                new KafkaProducer<>(properties, new ByteArraySerializer(), new ByteArraySerializer());
        return new Client() {
            @Override
            public void send(byte[] key, byte[] value) {
                producer.send(new org.apache.kafka.clients.producer.ProducerRecord<>(topic, key, value));
            }

            @Override
            public void flush() {
                producer.flush();
            }

            @Override
            public void close() {
                producer.close();
            }
        };
    }

    private static Client ours(String topic, Map<String, Object> properties) {
        Producer<byte[], byte[]> producer =
                Producer.open(ProducerOptions.of(properties), Serializers.bytes(), Serializers.bytes());
        return new Client() {
            @Override
            public void send(byte[] key, byte[] value) {
                producer.send(new io.millrace.client.producer.ProducerRecord<>(topic, key, value));
            }

            @Override
            public void flush() {
                producer.flush();
            }

            @Override
            public void close() {
                producer.close();
            }
        };
    }

    public static void main(String[] arguments) {
        Map<String, Object> properties = new HashMap<>();
        properties.put("bootstrap.servers", arguments[1]);
        for (int i = 7; i < arguments.length; i++) {
            String[] pair = arguments[i].split("=", 2);
            properties.put(pair[0], pair[1]);
        }
        int records = Integer.parseInt(arguments[3]);
        byte[] value = new byte[Integer.parseInt(arguments[5])];
        Random random = new Random(1);
        // Text compresses; a quarter of the letters are random.
        for (int i = 0; i < value.length; i++) value[i] = (byte) (i % 4 == 0 ? 'a' + random.nextInt(26) : 'x');
        byte[][] keys = new byte[Math.max(1, Integer.parseInt(arguments[6]))][];
        for (int i = 0; i < keys.length; i++) keys[i] = keys.length == 1 ? null : ("key-" + i).getBytes();
        OperatingSystemMXBean process = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        boolean isOurs = arguments[0].equals("ours");
        try (Client client = isOurs ? ours(arguments[2], properties) : official(arguments[2], properties)) {
            client.send(keys[0], value);
            client.flush();
            long firstMs = System.currentTimeMillis() - ManagementFactory.getRuntimeMXBean().getStartTime();
            for (int round = 0; round < Integer.parseInt(arguments[4]); round++) {
                long cpuNanos = process.getProcessCpuTime();
                long allocated = threads.getTotalThreadAllocatedBytes();
                long began = System.nanoTime();
                for (int i = 0; i < records; i++) client.send(keys[i % keys.length], value);
                client.flush();
                double seconds = (System.nanoTime() - began) / 1e9;
                System.out.printf(
                        Locale.ROOT,
                        "{\"client\":\"%s\",\"round\":%d,\"firstRecordMs\":%d,\"recordsPerSecond\":%.0f,\"cpuSecondsPerMillion\":%.3f,"
                                + "\"bytesAllocatedPerRecord\":%.1f}%n",
                        arguments[0],
                        round,
                        firstMs,
                        records / seconds,
                        (process.getProcessCpuTime() - cpuNanos) / 1e3 / records,
                        (double) (threads.getTotalThreadAllocatedBytes() - allocated) / records);
            }
        }
    }
}
