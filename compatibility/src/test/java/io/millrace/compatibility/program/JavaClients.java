package io.millrace.compatibility.program;

import static io.millrace.compatibility.program.RecordRule.text;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Future;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** Clients of whichever version is on the class path, with settings that suit tests. */
public final class JavaClients {
    /** How long any one thing may take before a test calls it stuck. */
    public static final Duration PATIENCE = Duration.ofSeconds(60);

    private static final Duration POLL = Duration.ofMillis(200);

    private JavaClients() {}

    /** A producer of bytes; {@code settings} in turn name and value. */
    public static KafkaProducer<byte[], byte[]> producer(String bootstrap, String... settings) {
        Map<String, Object> all = settings(settings);
        all.put("bootstrap.servers", bootstrap);
        all.putIfAbsent("max.request.size", "2000000");
        return new KafkaProducer<>(all, new ByteArraySerializer(), new ByteArraySerializer());
    }

    /** A consumer of bytes that starts at the earliest offset, commits nothing by itself, and creates no topics. */
    public static KafkaConsumer<byte[], byte[]> consumer(String bootstrap, String... settings) {
        Map<String, Object> all = settings(settings);
        all.put("bootstrap.servers", bootstrap);
        all.putIfAbsent("auto.offset.reset", "earliest");
        all.putIfAbsent("enable.auto.commit", "false");
        all.putIfAbsent("allow.auto.create.topics", "false");
        all.putIfAbsent("session.timeout.ms", "3000");
        all.putIfAbsent("heartbeat.interval.ms", "300");
        return new KafkaConsumer<>(all, new ByteArrayDeserializer(), new ByteArrayDeserializer());
    }

    /** An admin client. */
    public static Admin admin(String bootstrap) {
        return Admin.create(Map.of("bootstrap.servers", bootstrap, "default.api.timeout.ms", "60000"));
    }

    private static Map<String, Object> settings(String... namesAndValues) {
        var settings = new HashMap<String, Object>();
        for (int at = 0; at < namesAndValues.length; at += 2) settings.put(namesAndValues[at], namesAndValues[at + 1]);
        return settings;
    }

    /** Polls until this many records came; fails when they do not, and when there are more at once. */
    public static List<ConsumerRecord<byte[], byte[]>> take(KafkaConsumer<byte[], byte[]> consumer, int recordCount) {
        var taken = new ArrayList<ConsumerRecord<byte[], byte[]>>();
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        while (taken.size() < recordCount) {
            consumer.poll(POLL).forEach(taken::add);
            if (System.nanoTime() - deadline > 0) {
                throw new AssertionError("want " + recordCount + " records, got " + taken.size() + " in " + PATIENCE);
            }
        }
        return taken;
    }

    /** Writes records in order, without waiting between them, and returns when all are acknowledged. */
    public static void write(KafkaProducer<byte[], byte[]> producer, List<ProducerRecord<byte[], byte[]>> records)
            throws Exception {
        var acknowledgements = new ArrayList<Future<?>>();
        for (var record : records) acknowledgements.add(producer.send(record));
        producer.flush();
        for (var acknowledgement : acknowledgements) acknowledgement.get();
    }

    /** A record of the rule, to be written. */
    public static ProducerRecord<byte[], byte[]> toWrite(String topic, RecordRule.Seen record) {
        var toWrite = new ProducerRecord<>(topic, 0, record.timestampMs(), record.key(), record.value());
        record.headers().forEach((name, value) -> toWrite.headers().add(name, RecordRule.bytes(value)));
        return toWrite;
    }

    /** A record that was read, as the rule sees it. */
    public static RecordRule.Seen seen(ConsumerRecord<byte[], byte[]> record) {
        var headers = new HashMap<String, String>();
        for (Header header : record.headers()) {
            String value = header.value() == null ? "(null)" : text(header.value());
            if (headers.put(header.key(), value) != null) headers.put(header.key(), "(twice)");
        }
        return new RecordRule.Seen(record.key(), record.value(), headers, record.timestamp());
    }
}
