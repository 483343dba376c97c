package io.millrace.client.consumer;

import io.millrace.client.fetching.RangeReader;
import io.millrace.records.RecordHeader;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What a poll makes of the records it reads, one after the other. */
sealed interface RecordTaker {
    /** Takes the record that the reader stands at. What it throws leaves the record the next one. */
    void take(AssignedPartition partition, RangeReader reader, int most);

    /** Hands each to the application where it lies. */
    final class Viewing implements RecordTaker {
        private final RecordReader application;
        private final RecordView view = new RecordView();
        private Runnable beforeFirst = () -> {};
        private @Nullable AssignedPartition last;
        private long lastOffset;
        private int count;

        /** A taker for one poll. */
        Viewing(RecordReader application) {
            this.application = application;
        }

        /** Has that run when the first record is about to be handed over. */
        void beforeFirst(Runnable what) {
            beforeFirst = what;
        }

        @Override
        public void take(AssignedPartition partition, RangeReader reader, int most) {
            if (last == null) beforeFirst.run();
            last = partition;
            lastOffset = reader.offset();
            view.standAt(partition, reader);
            try {
                application.read(view);
                count++;
            } finally {
                view.leave();
            }
        }

        /** How many the application has read. */
        int count() {
            return count;
        }

        boolean hasTaken() {
            return last != null;
        }

        /** What the application was given last, for a person; empty for nothing. */
        String lastTaken() {
            return last == null ? "" : "record " + lastOffset + " of " + last.partition;
        }
    }

    /** Has each deserialized, and what is made of it put with the others of its partition. */
    final class Making<K, V> implements RecordTaker {
        private final Deserializer<K> keys;
        private final Deserializer<V> values;
        private final ConsumerRecords<K, V> records;
        private @Nullable AssignedPartition last;
        private @Nullable PartitionRecords<K, V> into;

        /** A taker for one poll. */
        Making(Deserializer<K> keys, Deserializer<V> values, ConsumerRecords<K, V> records) {
            this.keys = keys;
            this.values = values;
            this.records = records;
        }

        @Override
        public void take(AssignedPartition partition, RangeReader reader, int most) {
            List<RecordHeader> headers = reader.headers();
            String topic = partition.partition.topic();
            K key = keys.deserialize(topic, headers, reader.key());
            V value = values.deserialize(topic, headers, reader.value());
            PartitionRecords<K, V> its = into;
            if (its == null || last != partition) {
                its = records.of(partition.partition, Math.min(most, partition.usualCount));
                into = its;
                last = partition;
            }
            its.add(
                    reader.offset(),
                    reader.leaderEpoch(),
                    reader.timestamp(),
                    reader.timestampType(),
                    key,
                    value,
                    headers);
            records.counted(1);
        }
    }
}
