package io.millrace.client.consumer;

import io.millrace.client.fetching.RangeReader;
import io.millrace.client.producer.Producer;
import io.millrace.client.producer.ProducerOptions;
import io.millrace.client.producer.ProducerRecord;
import io.millrace.client.producer.SendFailure;
import io.millrace.client.producer.Serializers;
import io.millrace.protocol.ErrorCode;
import io.millrace.records.RecordHeader;
import io.millrace.records.TopicPartition;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Puts records that cannot be deserialized away in another topic, as they were. Used by the thread that polls. */
final class Quarantine {
    /**
     * Where they go.
     *
     * @param producerOptions with acknowledgements, as what is put away is passed over
     */
    record Place(String topic, ProducerOptions producerOptions) {
        Place {
            if (topic.isEmpty()) throw new IllegalArgumentException("the topic for unreadable records has no name");
            if (producerOptions.get("acks").equals("0"))
                throw new IllegalArgumentException("acks is 0: nobody would know whether a record has been put away");
        }
    }

    private final Place place;
    private final String groupId;
    /** Made for the first one. */
    private @Nullable Producer<byte[], byte[]> producer;

    Quarantine(Place place, String groupId) {
        this.place = place;
        this.groupId = groupId;
    }

    String topic() {
        return place.topic();
    }

    /**
     * Puts the record away that the reader stands at, and waits until it is there.
     *
     * @throws ConsumerFailure if it cannot be put there
     */
    void put(TopicPartition from, RangeReader reader, RuntimeException why) {
        long offset = reader.offset();
        if (from.topic().equals(place.topic()))
            throw notPut(from, offset, ErrorCode.INVALID_RECORD, "it is in that topic already", why);
        Producer<byte[], byte[]> open = producer;
        if (open == null) {
            open = Producer.open(place.producerOptions(), Serializers.bytes(), Serializers.bytes());
            producer = open;
        }
        List<RecordHeader> headers =
                DeadLetterHeaders.behind(reader.headers(), from, offset, reader.timestamp(), groupId, 0, why);
        try {
            open.send(new ProducerRecord<>(
                            place.topic(),
                            ProducerRecord.ANY_PARTITION,
                            ProducerRecord.NOW, // By its own time the topic's retention could take it at once.
                            bytes(reader.key()),
                            bytes(reader.value()),
                            headers))
                    .await();
        } catch (SendFailure failure) {
            throw notPut(from, offset, failure.error(), String.valueOf(failure.getMessage()), why);
        }
    }

    private ConsumerFailure notPut(
            TopicPartition from, long offset, ErrorCode error, String sentence, RuntimeException why) {
        return new ConsumerFailure(
                error,
                "record " + offset + " of " + from + " cannot be deserialized (" + why + "), nor put into topic "
                        + place.topic() + ": " + sentence,
                from,
                offset,
                why);
    }

    private static byte @Nullable [] bytes(@Nullable ByteBuffer buffer) {
        if (buffer == null) return null;
        byte[] bytes = new byte[buffer.remaining()];
        buffer.get(buffer.position(), bytes);
        return bytes;
    }

    void close(Duration timeout) {
        Producer<byte[], byte[]> open = producer;
        if (open != null) open.close(timeout);
    }
}
