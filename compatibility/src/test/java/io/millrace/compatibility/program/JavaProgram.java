package io.millrace.compatibility.program;

import static io.millrace.compatibility.program.RecordRule.bytes;
import static io.millrace.compatibility.program.RecordRule.text;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;

/**
 * What a Java client does in these tests, with the contract that all the clients' programs have (README of this room):
 * the first argument says what, the second is the broker; it ends with status 0 when all went as it should, else it says
 * what did not.
 */
public final class JavaProgram {
    private JavaProgram() {}

    /** Runs one command. */
    public static void main(String[] args) throws Exception {
        switch (args[0]) {
            case "produce" -> produce(args[1], args[2]);
            case "consume" -> consume(args[1], args[2]);
            case "positions" -> positions(args[1], args[2]);
            case "take" -> take(args[1], args[2], args[3], Integer.parseInt(args[4]));
            case "member" ->
                new JavaMembers(args[1], args[2], args[3], Arrays.copyOfRange(args, 5, args.length))
                        .run(Integer.parseInt(args[4]));
            case "admin" -> JavaAdmin.run(args[1], args[2]);
            case "idempotent" -> idempotent(args[1], args[2], Integer.parseInt(args[3]));
            default -> throw new IllegalArgumentException("no command " + args[0]);
        }
    }

    /** Writes the records of the rule. */
    public static void produce(String bootstrap, String topic) throws Exception {
        for (String codec : RecordRule.CODECS) {
            for (String acks : RecordRule.ACKS) {
                String[] settings = {
                    "compression.type", codec, "acks", acks, "enable.idempotence", String.valueOf(acks.equals("all"))
                };
                try (var producer = JavaClients.producer(bootstrap, settings)) {
                    for (var record : RecordRule.records(codec, acks)) {
                        var written = producer.send(JavaClients.toWrite(topic, record));
                        if (record.value() == null) producer.flush(); // so that there are several batches
                        if (!acks.equals("0")) {
                            expect("partition", 0, written.get().partition());
                        }
                    }
                }
            }
        }
    }

    private static void consume(String bootstrap, String topic) {
        int recordCount = RecordRule.count(RecordRule.CODECS);
        try (var consumer = JavaClients.consumer(bootstrap)) {
            var partition = new TopicPartition(topic, 0);
            consumer.assign(List.of(partition));
            consumer.seekToBeginning(List.of(partition));
            var found = JavaClients.take(consumer, recordCount).stream()
                    .map(JavaClients::seen)
                    .toList();
            var problems = RecordRule.problems(found, RecordRule.CODECS, true);
            if (!problems.isEmpty()) throw new AssertionError(String.join("\n", problems));
        }
    }

    private static void positions(String bootstrap, String topic) throws Exception {
        var partition = new TopicPartition(topic, 0);
        try (var consumer = JavaClients.consumer(bootstrap)) {
            consumer.assign(List.of(partition));
            consumer.seekToBeginning(List.of(partition));
            expect("first record at the earliest offset", "0", next(consumer));
            consumer.seek(partition, 42);
            expect("first record at offset 42", "42", next(consumer));
            long between = RecordRule.FIRST_TIMESTAMP_MS + 57_500;
            var found = consumer.offsetsForTimes(Map.of(partition, between)).get(partition);
            if (found == null) throw new AssertionError("no offset for time stamp " + between);
            expect("offset for a time stamp", 58L, found.offset());
            consumer.seek(partition, found.offset());
            expect("first record from a time stamp on", "58", next(consumer));
            long later = RecordRule.FIRST_TIMESTAMP_MS + 1_000_000;
            expect(
                    "an offset for a time stamp later than all",
                    true,
                    consumer.offsetsForTimes(Map.of(partition, later)).get(partition) == null);
            expect(
                    "beginning offset",
                    0L,
                    consumer.beginningOffsets(List.of(partition)).get(partition));
            expect("end offset", 100L, consumer.endOffsets(List.of(partition)).get(partition));
            consumer.seekToEnd(List.of(partition));
            expect("position at the end", 100L, consumer.position(partition));
            try (var producer = JavaClients.producer(bootstrap)) {
                producer.send(new ProducerRecord<>(topic, 0, null, bytes("new")))
                        .get();
            }
            expect("first record at the latest offset", "new", next(consumer));
        }
    }

    private static String next(KafkaConsumer<byte[], byte[]> consumer) {
        return text(JavaClients.take(consumer, 1).getFirst().value());
    }

    private static void take(String bootstrap, String topic, String group, int recordCount) {
        var settings = new String[] {"group.id", group, "max.poll.records", "1"};
        try (var consumer = JavaClients.consumer(bootstrap, settings)) {
            consumer.subscribe(List.of(topic));
            for (ConsumerRecord<byte[], byte[]> record : JavaClients.take(consumer, recordCount)) {
                System.out.println("record " + record.partition() + " " + record.offset() + " " + text(record.value()));
                consumer.commitSync(Map.of(
                        new TopicPartition(topic, record.partition()), new OffsetAndMetadata(record.offset() + 1)));
            }
        }
    }

    /** Small batches, so that there are many requests, several of them in flight. */
    private static void idempotent(String bootstrap, String topic, int recordCount) throws Exception {
        var records = new ArrayList<ProducerRecord<byte[], byte[]>>();
        for (int at = 0; at < recordCount; at++) records.add(new ProducerRecord<>(topic, 0, null, bytes("" + at)));
        String[] settings = {
            "enable.idempotence",
            "true",
            "acks",
            "all",
            "batch.size",
            "200",
            "reconnect.backoff.ms",
            "5",
            "reconnect.backoff.max.ms",
            "20",
            "retry.backoff.ms",
            "5"
        };
        try (var producer = JavaClients.producer(bootstrap, settings)) {
            JavaClients.write(producer, records);
        }
    }

    static void expect(String what, Object wanted, Object found) {
        if (!wanted.equals(found)) throw new AssertionError(what + ": want " + wanted + ", found " + found);
    }
}
