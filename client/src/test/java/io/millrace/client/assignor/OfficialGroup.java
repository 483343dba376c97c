package io.millrace.client.assignor;

import io.millrace.records.TopicPartition;
import io.millrace.testkit.SeededRandom;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import org.apache.kafka.clients.consumer.ConsumerPartitionAssignor.Subscription;
import org.apache.kafka.clients.consumer.internals.AbstractPartitionAssignor;
import org.apache.kafka.common.Node;
import org.apache.kafka.common.PartitionInfo;
import org.jspecify.annotations.Nullable;

/** A random group and its topics, once in our words and once in the official client's. */
record OfficialGroup(TopicLayouts topics, List<GroupMember> members) {
    private static final List<String> RACKS = List.of("a", "b", "c", "d");

    /** How a group may look. */
    record Shape(int mostTopics, int mostPartitions, int mostMembers, boolean sameTopics, boolean withRacks) {}

    static OfficialGroup draw(SeededRandom random, Shape shape) {
        SortedMap<String, List<Set<String>>> racks = new TreeMap<>();
        int topicCount = 1 + random.nextInt(shape.mostTopics());
        int sameCount = 1 + random.nextInt(shape.mostPartitions());
        int replicas = 1 + random.nextInt(3);
        for (int topic = 0; topic < topicCount; topic++) {
            int partitions = random.nextInt(3) == 0 ? 1 + random.nextInt(shape.mostPartitions()) : sameCount;
            List<Set<String>> racksOfPartitions = new ArrayList<>();
            for (int partition = 0; partition < partitions; partition++) {
                Set<String> its = new TreeSet<>();
                if (shape.withRacks())
                    for (int replica = 0; replica < replicas; replica++) its.add(RACKS.get(random.nextInt(3)));
                racksOfPartitions.add(its);
            }
            racks.put("topic" + topic, racksOfPartitions);
        }
        List<GroupMember> members = new ArrayList<>();
        int memberCount = 1 + random.nextInt(shape.mostMembers());
        for (int member = 0; member < memberCount; member++) {
            TreeSet<String> topics = new TreeSet<>();
            for (String topic : racks.keySet()) if (shape.sameTopics() || random.nextBoolean()) topics.add(topic);
            if (!shape.sameTopics() && (topics.isEmpty() || random.nextInt(4) == 0)) topics.add("unknown");
            members.add(new GroupMember(
                    "member-" + random.nextInt(1000) + "-" + member,
                    random.nextInt(4) == 0 ? "instance" + (memberCount - member) : null,
                    topics,
                    List.of(),
                    GroupMember.NO_GENERATION,
                    shape.withRacks() && random.nextInt(5) > 0 ? RACKS.get(random.nextInt(4)) : null));
        }
        return new OfficialGroup(new TopicLayouts(racks), members);
    }

    /** What the official class makes of this group. */
    Map<String, List<TopicPartition>> assignedBy(AbstractPartitionAssignor official) {
        Map<String, List<PartitionInfo>> partitions = new HashMap<>();
        Set<String> subscribed = new TreeSet<>();
        for (GroupMember member : members) subscribed.addAll(member.topics());
        topics.only(subscribed).racks().forEach((topic, racks) -> {
            List<PartitionInfo> infos = new ArrayList<>();
            for (int partition = 0; partition < racks.size(); partition++) {
                Node[] replicas = racks.get(partition).stream()
                        .map(rack -> new Node(RACKS.indexOf(rack), "host", 9092, rack))
                        .toArray(Node[]::new);
                infos.add(new PartitionInfo(topic, partition, null, replicas, replicas));
            }
            partitions.put(topic, infos);
        });
        Map<String, Subscription> subscriptions = new HashMap<>();
        for (GroupMember member : members) {
            var owned = member.owned().stream()
                    .map(it -> new org.apache.kafka.common.TopicPartition(it.topic(), it.partition()))
                    .toList();
            var subscription = new Subscription(
                    List.copyOf(member.topics()),
                    userData(official, member),
                    owned,
                    member.generation(),
                    Optional.ofNullable(member.rack()));
            subscription.setGroupInstanceId(Optional.ofNullable(member.instanceId()));
            subscriptions.put(member.memberId(), subscription);
        }
        Map<String, List<TopicPartition>> result = new TreeMap<>();
        official.assignPartitions(partitions, subscriptions)
                .forEach((member, its) -> result.put(
                        member,
                        its.stream()
                                .map(it -> new TopicPartition(it.topic(), it.partition()))
                                .sorted()
                                .toList()));
        return result;
    }

    /** The sticky assignor looks for what a member owned in the user data, in which new members send none. */
    private static @Nullable ByteBuffer userData(AbstractPartitionAssignor official, GroupMember member) {
        boolean isNew = member.generation() == GroupMember.NO_GENERATION
                && member.owned().isEmpty();
        if (isNew || !official.name().equals("sticky")) return null;
        return new StickyUserData(member.owned(), member.generation()).write();
    }

    /** The assignment with everything in order. */
    static Map<String, List<TopicPartition>> sorted(Map<String, List<TopicPartition>> assignment) {
        Map<String, List<TopicPartition>> result = new TreeMap<>();
        assignment.forEach(
                (member, its) -> result.put(member, its.stream().sorted().toList()));
        return result;
    }
}
