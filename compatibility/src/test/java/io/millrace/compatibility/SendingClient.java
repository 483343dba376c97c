package io.millrace.compatibility;

import io.millrace.client.producer.Delivery;
import io.millrace.client.producer.Producer;
import io.millrace.client.producer.ProducerOptions;
import io.millrace.client.producer.Serializers;
import java.util.Map;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.jspecify.annotations.Nullable;

/** A producer of either kind: what a workload asks of it. */
interface SendingClient extends AutoCloseable {
    /** Hears of the end of one record. */
    @FunctionalInterface
    interface Ended {
        /** Why it was not delivered; null if it was. */
        void with(@Nullable Exception failure);
    }

    /** Sends without waiting, but for room. */
    void send(String topic, String key, String value, Ended ended);

    /** Returns when all that was sent has ended. */
    void flush();

    @Override
    void close();

    /** One of that kind, with the same properties. */
    static SendingClient of(ClientKind kind, Map<String, Object> properties) {
        return switch (kind) {
            case OURS -> new Ours(properties);
            case OFFICIAL -> new Official(properties);
        };
    }

    /** Ours. */
    final class Ours implements SendingClient {
        private final Producer<String, String> producer;

        Ours(Map<String, Object> properties) {
            producer = Producer.open(ProducerOptions.of(properties), Serializers.string(), Serializers.string());
        }

        @Override
        public void send(String topic, String key, String value, Ended ended) {
            Delivery _ = producer.send(
                    new io.millrace.client.producer.ProducerRecord<>(topic, key, value),
                    (metadata, failure) -> ended.with(failure));
        }

        @Override
        public void flush() {
            producer.flush();
        }

        @Override
        public void close() {
            producer.close();
        }
    }

    /** Apache's. */
    final class Official implements SendingClient {
        private final KafkaProducer<String, String> producer;

        Official(Map<String, Object> properties) {
            producer = new KafkaProducer<>(properties, new StringSerializer(), new StringSerializer());
        }

        @Override
        public void send(String topic, String key, String value, Ended ended) {
            var _ = producer.send(
                    new org.apache.kafka.clients.producer.ProducerRecord<>(topic, key, value),
                    (metadata, failure) -> ended.with(failure));
        }

        @Override
        public void flush() {
            producer.flush();
        }

        @Override
        public void close() {
            producer.close();
        }
    }
}
