package io.millrace.client.worker;

import io.millrace.client.consumer.ConsumerRecord;
import io.millrace.client.consumer.DeadLetterHeaders;
import io.millrace.client.producer.Delivery;
import io.millrace.client.producer.Producer;
import io.millrace.client.producer.ProducerRecord;
import io.millrace.client.producer.SendCallback;
import io.millrace.client.producer.Serializers;
import io.millrace.records.TopicPartition;
import java.time.Duration;

/** Sends records that were given up to the dead-letter topic. Any thread may. */
final class DeadLetters implements AutoCloseable {
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
                        DeadLetterHeaders.behind(
                                record.headers(),
                                new TopicPartition(record.topic(), record.partition()),
                                record.offset(),
                                record.timestamp(),
                                groupId,
                                failures,
                                why)),
                callback);
    }

    void close(Duration timeout) {
        producer.close(timeout);
    }

    @Override
    public void close() {
        producer.close();
    }
}
