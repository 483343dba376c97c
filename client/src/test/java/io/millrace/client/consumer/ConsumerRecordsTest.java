package io.millrace.client.consumer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.client.CommittedOffset;
import io.millrace.records.RecordHeader;
import io.millrace.records.TimestampType;
import io.millrace.records.TopicPartition;
import io.millrace.testkit.Property;
import io.millrace.testkit.SeededRandom;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.RandomAccess;
import org.junit.jupiter.api.Test;

/** Records in columns are the records that were put there. */
class ConsumerRecordsTest {
    private static final List<TopicPartition> PARTITIONS =
            List.of(new TopicPartition("orders", 0), new TopicPartition("orders", 7), new TopicPartition("events", 0));

    private final ConsumerRecords<String, String> records = new ConsumerRecords<>();
    private final Map<TopicPartition, List<ConsumerRecord<String, String>>> obvious = new LinkedHashMap<>();

    private static void put(
            ConsumerRecords<String, String> into,
            Map<TopicPartition, List<ConsumerRecord<String, String>>> obvious,
            ConsumerRecord<String, String> record,
            int expectedCount) {
        into.of(record.topicPartition(), expectedCount)
                .add(
                        record.offset(),
                        record.leaderEpoch(),
                        record.timestamp(),
                        record.timestampType(),
                        record.key(),
                        record.value(),
                        record.headers());
        into.counted(1);
        obvious.computeIfAbsent(record.topicPartition(), each -> new ArrayList<>())
                .add(record);
    }

    private void put(TopicPartition partition, long offset) {
        put(
                records,
                obvious,
                new ConsumerRecord<>(
                        partition.topic(),
                        partition.partition(),
                        offset,
                        3,
                        1_000,
                        TimestampType.CREATE_TIME,
                        null,
                        "value " + offset,
                        List.of()),
                10);
    }

    /** Some of each kind: with keys and headers or without, offsets with gaps, times and epochs that stay or change. */
    private static ConsumerRecord<String, String> next(
            SeededRandom random, TopicPartition partition, List<ConsumerRecord<String, String>> before, int variety) {
        boolean varies = random.nextInt(4) < variety;
        long offset =
                before.isEmpty() ? random.nextInt(1_000) : before.getLast().offset() + 1;
        return new ConsumerRecord<>(
                partition.topic(),
                partition.partition(),
                varies ? offset + random.nextInt(3) : offset,
                varies ? random.nextInt(3) - 1 : 5,
                varies ? random.nextInt(50) - 1 : 7,
                varies && random.nextBoolean() ? TimestampType.LOG_APPEND_TIME : TimestampType.CREATE_TIME,
                varies && random.nextBoolean() ? "key " + random.nextInt(5) : null,
                varies && random.nextInt(5) == 0 ? null : "value " + random.nextInt(100),
                varies && random.nextBoolean()
                        ? List.of(new RecordHeader("header", ByteBuffer.wrap(new byte[] {(byte) random.nextInt(9)})))
                        : List.of());
    }

    @Test
    void everyWayOfReadingGivesTheRecordsInOrder() {
        Property.check(300, random -> {
            ConsumerRecords<String, String> polled = new ConsumerRecords<>();
            Map<TopicPartition, List<ConsumerRecord<String, String>>> expected = new LinkedHashMap<>();
            int variety = random.nextInt(5);
            for (int i = random.nextInt(60); i > 0; i--) {
                TopicPartition partition = PARTITIONS.get(random.nextInt(PARTITIONS.size()));
                put(
                        polled,
                        expected,
                        next(random, partition, expected.getOrDefault(partition, List.of()), variety),
                        1 + random.nextInt(20));
            }
            List<ConsumerRecord<String, String>> all =
                    expected.values().stream().flatMap(List::stream).toList();
            List<ConsumerRecord<String, String>> iterated = new ArrayList<>();
            for (ConsumerRecord<String, String> each : polled) iterated.add(each);
            assertEquals(all, iterated);
            assertEquals(all, polled.stream().toList());
            assertEquals(all.size(), polled.count());
            assertEquals(all.isEmpty(), polled.isEmpty());
            assertEquals(expected.keySet(), polled.partitions());
            for (TopicPartition each : PARTITIONS)
                assertEquals(expected.getOrDefault(each, List.of()), polled.records(each));
            assertEquals(all.toString(), iterated.toString());
        });
    }

    @Test
    void whereReadingGoesOnIsBehindTheLastRecordOfEachPartition() {
        assertEquals(Map.of(), records.nextOffsets());
        put(PARTITIONS.getFirst(), 5);
        put(PARTITIONS.getFirst(), 9);
        put(PARTITIONS.getLast(), 0);
        assertEquals(
                Map.of(
                        PARTITIONS.getFirst(), new CommittedOffset(10, 3, ""),
                        PARTITIONS.getLast(), new CommittedOffset(1, 3, "")),
                records.nextOffsets());
    }

    @Test
    void theListOfAPartitionIsReadByIndexAndCannotBeChanged() {
        for (int offset = 10; offset < 20; offset++) put(PARTITIONS.getFirst(), offset);
        List<ConsumerRecord<String, String>> list = records.records(PARTITIONS.getFirst());
        assertInstanceOf(RandomAccess.class, list);
        assertEquals(19, list.getLast().offset());
        assertEquals("value 14", list.subList(3, 6).get(1).value());
        assertThrows(IndexOutOfBoundsException.class, () -> list.get(10));
        assertThrows(IndexOutOfBoundsException.class, () -> list.get(-1));
        assertThrows(UnsupportedOperationException.class, list::removeFirst);
        assertThrows(UnsupportedOperationException.class, () -> list.add(list.getFirst()));
    }

    @Test
    void anIteratorEndsBehindTheLastRecord() {
        put(PARTITIONS.get(0), 3);
        put(PARTITIONS.get(1), 4);
        Iterator<ConsumerRecord<String, String>> iterator = records.iterator();
        iterator.next();
        assertTrue(iterator.hasNext());
        iterator.next();
        assertFalse(iterator.hasNext());
        assertThrows(NoSuchElementException.class, iterator::next);
        assertFalse(ConsumerRecords.none().iterator().hasNext());
    }

    @Test
    void whatWasTakenLastIsSaid() {
        assertEquals("", records.lastTaken());
        put(PARTITIONS.get(0), 3);
        put(PARTITIONS.get(0), 5);
        put(PARTITIONS.get(1), 4);
        assertEquals("3 records, the last of them record 4 of orders-7", records.lastTaken());
        Iterator<ConsumerRecord<String, String>> iterator = records.iterator();
        iterator.next();
        assertEquals("record 3 of orders-0", records.lastTaken());
        iterator.next();
        assertEquals("record 5 of orders-0", records.lastTaken());
        iterator.next();
        assertEquals("record 4 of orders-7", records.lastTaken());
    }

    @Test
    void recordsAreEqualIfAllOfThemIs() {
        put(PARTITIONS.getFirst(), 3);
        put(PARTITIONS.getFirst(), 4);
        List<ConsumerRecord<String, String>> list = records.records(PARTITIONS.getFirst());
        assertEquals(list.getFirst(), list.getFirst());
        assertEquals(list.getFirst().hashCode(), list.getFirst().hashCode());
        assertNotEquals(list.getFirst(), list.getLast());
        assertEquals(
                "ConsumerRecord[topic=orders, partition=0, offset=4, leaderEpoch=3, timestamp=1000,"
                        + " timestampType=CREATE_TIME, key=null, value=value 4, headers=[]]",
                list.getLast().toString());
    }
}
