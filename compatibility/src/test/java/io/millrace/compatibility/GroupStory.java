package io.millrace.compatibility;

import io.millrace.compatibility.program.JavaClients;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ConsumerGroupDescription;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.GroupState;
import org.apache.kafka.common.TopicPartition;

/** One group whose members come and go while records are written; members are processes of the client under test. */
final class GroupStory implements AutoCloseable {
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final int PARTITION_COUNT = 12;
    private static final int RECORDS_AT_A_TIME = 600;

    private final String bootstrap;
    private final Members client;
    private final String topic;
    private final String group;
    private final Admin admin;
    private final KafkaProducer<byte[], byte[]> producer;
    private final List<List<ChildProcess>> joined = new ArrayList<>();
    private final List<ChildProcess> gone = new ArrayList<>();
    private final List<Integer> sizes = new ArrayList<>();
    private final Set<String> written = new TreeSet<>();

    GroupStory(String bootstrap, ClientUnderTest client, String topic, String group) {
        this(bootstrap, client::startMembers, topic, group);
    }

    GroupStory(String bootstrap, Members client, String topic, String group) {
        this.bootstrap = bootstrap;
        this.client = client;
        this.topic = topic;
        this.group = group;
        this.admin = JavaClients.admin(bootstrap);
        this.producer = JavaClients.producer(bootstrap, "linger.ms", "0");
    }

    /** Has members started, as processes that print what they read. */
    @FunctionalInterface
    interface Members {
        List<ChildProcess> start(String bootstrap, String topic, String group, int memberCount);
    }

    /** So many members join at once; returns when the group has settled with them. */
    void join(int memberCount) {
        joined.add(client.start(bootstrap, topic, group, memberCount));
        sizes.add(memberCount);
        awaitStable();
    }

    /** Those who joined first leave. */
    void leave() {
        List<ChildProcess> leaving = joined.removeFirst();
        sizes.removeFirst();
        leaving.forEach(ChildProcess::terminate);
        leaving.forEach(member -> member.awaitExit(PATIENCE));
        gone.addAll(leaving);
        awaitStable();
    }

    /** Those who have been in it for longest die. */
    void die() {
        List<ChildProcess> dying = joined.removeFirst();
        sizes.removeFirst();
        dying.forEach(ChildProcess::kill);
        gone.addAll(dying);
        awaitStable();
    }

    /** Writes further records to every partition. */
    void writeSome() throws Exception {
        var records = new ArrayList<ProducerRecord<byte[], byte[]>>();
        for (int at = 0; at < RECORDS_AT_A_TIME; at++) {
            String value = String.format("%06d", written.size());
            written.add(value);
            byte[] bytes = value.getBytes(StandardCharsets.UTF_8);
            records.add(new ProducerRecord<>(topic, at % PARTITION_COUNT, null, bytes));
        }
        JavaClients.write(producer, records);
    }

    /** Returns when the members, together, have printed every record written. */
    void awaitAllSeen() {
        Await.until(
                "the group sees every record",
                PATIENCE,
                () -> missing().isEmpty(),
                () -> missing().size() + " of " + written.size() + " were not seen: " + missing() + "\n" + outputs());
    }

    private Set<String> missing() {
        var missing = new TreeSet<>(written);
        processes()
                .forEach(member -> member.lines().forEach(line -> {
                    if (line.startsWith("record ")) missing.remove(line.substring(line.lastIndexOf(' ') + 1));
                }));
        return missing;
    }

    /** What all members have printed of records, member by member. */
    List<String> records() {
        List<String> records = new ArrayList<>();
        for (ChildProcess member : processes())
            for (String line : member.lines()) if (line.startsWith("record ")) records.add(line);
        return records;
    }

    private List<ChildProcess> processes() {
        var all = new ArrayList<>(gone);
        joined.forEach(all::addAll);
        return all;
    }

    private String outputs() {
        var outputs = new StringBuilder();
        for (ChildProcess member : processes()) {
            List<String> lines = member.lines();
            outputs.append("---- ").append(member.pid()).append(member.isAlive() ? "" : ", ended");
            lines.stream()
                    .filter(line -> !line.startsWith("record "))
                    .skip(Math.max(
                            0,
                            lines.stream()
                                            .filter(line -> !line.startsWith("record "))
                                            .count()
                                    - 20))
                    .forEach(line -> outputs.append("\n    ").append(line));
            outputs.append('\n');
        }
        return outputs.toString();
    }

    private void awaitStable() {
        int memberCount = sizes.stream().mapToInt(Integer::intValue).sum();
        Await.until(
                "the group is stable with " + memberCount + " members and every partition has one of them",
                PATIENCE,
                () -> isStable(memberCount),
                () -> described() + "\n" + outputs());
    }

    private boolean isStable(int memberCount) throws Exception {
        ConsumerGroupDescription description = describe();
        if (description.groupState() != GroupState.STABLE
                || description.members().size() != memberCount) return false;
        var assigned = new HashSet<TopicPartition>();
        for (var member : description.members()) {
            for (TopicPartition partition : member.assignment().topicPartitions()) {
                if (!assigned.add(partition))
                    throw new AssertionError(partition + " is assigned twice: " + description);
            }
        }
        return assigned.size() == PARTITION_COUNT;
    }

    private ConsumerGroupDescription describe() throws Exception {
        return admin.describeConsumerGroups(List.of(group))
                .describedGroups()
                .get(group)
                .get();
    }

    private String described() {
        try {
            return describe().toString();
        } catch (Exception e) {
            return e.toString();
        }
    }

    @Override
    public void close() {
        processes().forEach(ChildProcess::close);
        producer.close(Duration.ZERO);
        admin.close(Duration.ofSeconds(1));
    }
}
