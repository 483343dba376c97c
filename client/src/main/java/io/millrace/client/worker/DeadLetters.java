package io.millrace.client.worker;

import io.millrace.client.consumer.ConsumerRecord;
import io.millrace.client.producer.Delivery;
import io.millrace.client.producer.Producer;
import io.millrace.client.producer.ProducerRecord;
import io.millrace.client.producer.SendCallback;
import io.millrace.client.producer.Serializers;
import io.millrace.records.RecordHeader;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** Sends records that were given up to the dead-letter topic. Any thread may. */
final class DeadLetters implements AutoCloseable {
    /** A message, or a stack trace, is cut there: it is for a person, and the record must fit beside it. */
    private static final int MOST_CHARS = 8_000;

    private final String topic;
    private final String groupId;
    private final Producer<byte[], byte[]> producer;

    DeadLetters(WhenGivenUp.DeadLetter how, String groupId) {
        this.topic = how.topic();
        this.groupId = groupId;
        this.producer = Producer.open(how.producerOptions(), Serializers.bytes(), Serializers.bytes());
    }

    /** Sends it; the callback hears what came of it, possibly before this returns. Waits up to {@code max.block.ms}. */
    Delivery send(ConsumerRecord<byte[], byte[]> record, int failures, Exception why, SendCallback callback) {
        return producer.send(
                new ProducerRecord<>(
                        topic,
                        ProducerRecord.ANY_PARTITION,
                        ProducerRecord.NOW, // By its own time the topic's retention could take it at once.
                        record.key(),
                        record.value(),
                        headers(record, failures, why)),
                callback);
    }

    private List<RecordHeader> headers(ConsumerRecord<byte[], byte[]> record, int failures, Exception why) {
        List<RecordHeader> headers = new ArrayList<>(record.headers());
        headers.add(header(DeadLetterHeaders.TOPIC, record.topic()));
        headers.add(header(DeadLetterHeaders.PARTITION, String.valueOf(record.partition())));
        headers.add(header(DeadLetterHeaders.OFFSET, String.valueOf(record.offset())));
        headers.add(header(DeadLetterHeaders.TIMESTAMP, String.valueOf(record.timestamp())));
        headers.add(header(DeadLetterHeaders.GROUP, groupId));
        headers.add(header(DeadLetterHeaders.FAILURES, String.valueOf(failures)));
        headers.add(header(DeadLetterHeaders.EXCEPTION, why.getClass().getName()));
        String message = why.getMessage();
        if (message != null) headers.add(header(DeadLetterHeaders.MESSAGE, message));
        StringWriter trace = new StringWriter();
        why.printStackTrace(new PrintWriter(trace));
        headers.add(header(DeadLetterHeaders.STACK_TRACE, trace.toString()));
        return headers;
    }

    private static RecordHeader header(String key, String value) {
        String cut = value.length() <= MOST_CHARS ? value : value.substring(0, MOST_CHARS) + "...";
        return new RecordHeader(key, ByteBuffer.wrap(cut.getBytes(StandardCharsets.UTF_8)));
    }

    void close(Duration timeout) {
        producer.close(timeout);
    }

    @Override
    public void close() {
        producer.close();
    }
}
