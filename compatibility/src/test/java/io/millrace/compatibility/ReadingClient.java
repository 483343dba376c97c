package io.millrace.compatibility;

import io.millrace.client.CommittedOffset;
import io.millrace.client.consumer.Consumer;
import io.millrace.client.consumer.ConsumerFailure;
import io.millrace.client.consumer.ConsumerOptions;
import io.millrace.client.consumer.Deserializers;
import io.millrace.client.consumer.RebalanceListener;
import io.millrace.protocol.ErrorCode;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.IntConsumer;
import org.apache.kafka.clients.consumer.CommitFailedException;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.RetriableException;
import org.apache.kafka.common.serialization.StringDeserializer;

/** A consumer of either kind, a member of a group: what a workload asks of it. */
interface ReadingClient extends AutoCloseable {
    /** How long a poll waits. */
    Duration POLL = Duration.ofMillis(100);

    /** A record as it was read. */
    record Read(int partition, long offset, String key, String value) {}

    /** Reads a topic; {@code assigned} hears of each partition that comes, within a poll. */
    void subscribe(String topic, IntConsumer assigned);

    /** The next records; none if none come soon. */
    List<Read> poll();

    /**
     * Commits the next offset of each partition, and waits for the answer.
     *
     * @return whether it is committed for sure; if not, the group has moved on, or there was no answer in time
     */
    boolean commit(String topic, Map<Integer, Long> next);

    @Override
    void close();

    /** One of that kind, with the same properties. */
    static ReadingClient of(ClientKind kind, Map<String, Object> properties) {
        return switch (kind) {
            case OURS -> new Ours(properties);
            case OFFICIAL -> new Official(properties);
        };
    }

    /** Ours. */
    final class Ours implements ReadingClient {
        private static final Set<ErrorCode> MOVED_ON = Set.of(
                ErrorCode.REBALANCE_IN_PROGRESS,
                ErrorCode.ILLEGAL_GENERATION,
                ErrorCode.UNKNOWN_MEMBER_ID,
                ErrorCode.REQUEST_TIMED_OUT);

        private final Consumer<String, String> consumer;

        Ours(Map<String, Object> properties) {
            consumer = Consumer.open(ConsumerOptions.of(properties), Deserializers.string(), Deserializers.string());
        }

        @Override
        public void subscribe(String topic, IntConsumer assigned) {
            consumer.subscribe(List.of(topic), new RebalanceListener() {
                @Override
                public void onAssigned(Set<io.millrace.records.TopicPartition> partitions) {
                    for (var each : partitions) assigned.accept(each.partition());
                }
            });
        }

        @Override
        public List<Read> poll() {
            List<Read> all = new ArrayList<>();
            for (var each : consumer.poll(POLL))
                all.add(new Read(each.partition(), each.offset(), each.key(), each.value()));
            return all;
        }

        @Override
        public boolean commit(String topic, Map<Integer, Long> next) {
            Map<io.millrace.records.TopicPartition, CommittedOffset> offsets = new TreeMap<>();
            next.forEach((partition, offset) -> offsets.put(
                    new io.millrace.records.TopicPartition(topic, partition), new CommittedOffset(offset, -1, "")));
            try {
                consumer.commit(offsets);
                return true;
            } catch (ConsumerFailure failure) {
                if (MOVED_ON.contains(failure.error())) return false;
                throw failure;
            }
        }

        @Override
        public void close() {
            consumer.close();
        }
    }

    /** Apache's. */
    final class Official implements ReadingClient {
        private final KafkaConsumer<String, String> consumer;

        Official(Map<String, Object> properties) {
            consumer = new KafkaConsumer<>(properties, new StringDeserializer(), new StringDeserializer());
        }

        @Override
        public void subscribe(String topic, IntConsumer assigned) {
            consumer.subscribe(List.of(topic), new ConsumerRebalanceListener() {
                @Override
                public void onPartitionsAssigned(Collection<TopicPartition> partitions) {
                    for (TopicPartition each : partitions) assigned.accept(each.partition());
                }

                @Override
                public void onPartitionsRevoked(Collection<TopicPartition> partitions) {}
            });
        }

        @Override
        public List<Read> poll() {
            List<Read> all = new ArrayList<>();
            for (var each : consumer.poll(POLL))
                all.add(new Read(each.partition(), each.offset(), each.key(), each.value()));
            return all;
        }

        @Override
        public boolean commit(String topic, Map<Integer, Long> next) {
            Map<TopicPartition, OffsetAndMetadata> offsets = new HashMap<>();
            next.forEach((partition, offset) ->
                    offsets.put(new TopicPartition(topic, partition), new OffsetAndMetadata(offset)));
            try {
                consumer.commitSync(offsets);
                return true;
            } catch (CommitFailedException | RetriableException movedOn) { // the latter: a rebalance, or no time left
                return false;
            }
        }

        @Override
        public void close() {
            consumer.close();
        }
    }
}
