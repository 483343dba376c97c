package io.millrace.metadata;

import io.millrace.protocol.Uuid;
import io.millrace.protocol.messages.AccessControlEntryRecord;
import io.millrace.protocol.messages.BrokerRegistrationChangeRecord;
import io.millrace.protocol.messages.ClearElrRecord;
import io.millrace.protocol.messages.ClientQuotaRecord;
import io.millrace.protocol.messages.ConfigRecord;
import io.millrace.protocol.messages.DelegationTokenRecord;
import io.millrace.protocol.messages.FeatureLevelRecord;
import io.millrace.protocol.messages.FenceBrokerRecord;
import io.millrace.protocol.messages.NoOpRecord;
import io.millrace.protocol.messages.PartitionChangeRecord;
import io.millrace.protocol.messages.PartitionRecord;
import io.millrace.protocol.messages.ProducerIdsRecord;
import io.millrace.protocol.messages.RegisterBrokerRecord;
import io.millrace.protocol.messages.RegisterControllerRecord;
import io.millrace.protocol.messages.RemoveAccessControlEntryRecord;
import io.millrace.protocol.messages.RemoveDelegationTokenRecord;
import io.millrace.protocol.messages.RemoveTopicRecord;
import io.millrace.protocol.messages.RemoveUserScramCredentialRecord;
import io.millrace.protocol.messages.TopicRecord;
import io.millrace.protocol.messages.UnfenceBrokerRecord;
import io.millrace.protocol.messages.UnregisterBrokerRecord;
import io.millrace.protocol.messages.UnregisterControllerRecord;
import io.millrace.protocol.messages.UserScramCredentialRecord;
import io.millrace.testkit.SeededRandom;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Makes a metadata log that could have happened: every record speaks of things that are there. */
final class RandomRecords {
    private static final List<String> TOPIC_CONFIGS = List.of("retention.ms", "segment.ms", "max.message.bytes");

    private final SeededRandom random;
    private final List<VersionedRecord> records = new ArrayList<>();
    private final Map<Integer, Long> brokerEpochs = new TreeMap<>();
    private final Map<Uuid, String> topics = new TreeMap<>();
    private final Map<Uuid, Integer> partitionCounts = new TreeMap<>();
    private final Map<Integer, Uuid> acls = new TreeMap<>();
    private final Map<String, Boolean> scramUsers = new TreeMap<>();
    private final Map<String, Boolean> tokens = new TreeMap<>();
    private final Map<Integer, Boolean> controllers = new TreeMap<>();
    private int made;

    RandomRecords(SeededRandom random) {
        this.random = random;
        records.addAll(BootstrapRecords.of(MetadataVersion.latest(), Map.of()));
    }

    List<VersionedRecord> make(int steps) {
        for (int i = 0; i < steps; i++) step();
        return records;
    }

    private void step() {
        switch (random.nextInt(16)) {
            case 0 -> registerBroker();
            case 1 -> changeBroker();
            case 2, 3 -> makeTopic();
            case 4, 5, 6 -> changePartition();
            case 7 -> removeTopic();
            case 8, 9 -> config();
            case 10 -> quota();
            case 11 -> acl();
            case 12 -> scram();
            case 13 -> token();
            case 14 -> controllerOrIds();
            default -> clearElrOrNoOp();
        }
    }

    private void v0(io.millrace.protocol.MetadataRecord record) {
        records.add(VersionedRecord.v0(record));
    }

    private Uuid id() {
        return new Uuid(random.anyLong() | 1L << 40, random.anyLong());
    }

    private void registerBroker() {
        int id = random.nextInt(5);
        long epoch = ++made;
        brokerEpochs.put(id, epoch);
        records.add(new VersionedRecord(
                RegisterBrokerRecord.builder()
                        .brokerId(id)
                        .brokerEpoch(epoch)
                        .incarnationId(id())
                        .endPoints(List.of(RegisterBrokerRecord.BrokerEndpoint.builder()
                                .name("PLAINTEXT")
                                .host("host" + id)
                                .port(9092)
                                .securityProtocol((short) 0)
                                .build()))
                        .features(List.of(RegisterBrokerRecord.BrokerFeature.builder()
                                .name("metadata.version")
                                .minSupportedVersion((short) 7)
                                .maxSupportedVersion((short) 33)
                                .build()))
                        .rack(random.nextBoolean() ? "r" + random.nextInt(3) : null)
                        .fenced(random.nextBoolean())
                        .logDirs(List.of(new Uuid(100 + id, 1)))
                        .build(),
                4));
    }

    private void changeBroker() {
        if (brokerEpochs.isEmpty()) return;
        int id = random.pick(List.copyOf(brokerEpochs.keySet()));
        long epoch = brokerEpochs.getOrDefault(id, 0L);
        switch (random.nextInt(5)) {
            case 0 -> v0(FenceBrokerRecord.builder().id(id).epoch(epoch).build());
            case 1 -> v0(UnfenceBrokerRecord.builder().id(id).epoch(epoch).build());
            case 2 -> {
                v0(UnregisterBrokerRecord.builder()
                        .brokerId(id)
                        .brokerEpoch(epoch)
                        .build());
                brokerEpochs.remove(id);
            }
            default ->
                records.add(new VersionedRecord(
                        BrokerRegistrationChangeRecord.builder()
                                .brokerId(id)
                                .brokerEpoch(epoch)
                                .fenced((byte) random.nextInt(-1, 2))
                                .inControlledShutdown((byte) random.nextInt(2))
                                .logDirs(random.nextBoolean() ? List.of() : List.of(id()))
                                .cordonedLogDirs(random.nextBoolean() ? null : List.of())
                                .build(),
                        3));
        }
    }

    private void makeTopic() {
        Uuid id = id();
        String name = "topic" + ++made;
        topics.put(id, name);
        v0(TopicRecord.builder().name(name).topicId(id).build());
        int count = random.nextInt(1, 6);
        partitionCounts.put(id, count);
        for (int i = 0; i < count; i++)
            records.add(new VersionedRecord(
                    PartitionRecord.builder()
                            .topicId(id)
                            .partitionId(i)
                            .replicas(List.of(1, 2, 3))
                            .directories(List.of(id(), id(), DirectoryIds.UNASSIGNED))
                            .isr(List.of(1, 2))
                            .leader(1)
                            .leaderEpoch(random.nextInt(9))
                            .partitionEpoch(random.nextInt(9))
                            .eligibleLeaderReplicas(random.nextBoolean() ? null : List.of(3))
                            .lastKnownElr(random.nextBoolean() ? null : List.of(2))
                            .build(),
                    2));
    }

    private void changePartition() {
        if (topics.isEmpty()) return;
        Uuid topic = random.pick(List.copyOf(topics.keySet()));
        PartitionChangeRecord.Builder change = PartitionChangeRecord.builder()
                .topicId(topic)
                .partitionId(random.nextInt(partitionCounts.getOrDefault(topic, 1)));
        if (random.nextBoolean()) change.leader(random.nextInt(-1, 4));
        if (random.nextBoolean()) change.isr(List.of(random.nextInt(1, 4)));
        if (random.chance(0.3)) change.leaderRecoveryState((byte) random.nextInt(2));
        if (random.chance(0.3)) change.eligibleLeaderReplicas(random.nextBoolean() ? List.of() : List.of(2, 3));
        if (random.chance(0.3)) change.lastKnownElr(random.nextBoolean() ? List.of() : List.of(1));
        if (random.chance(0.2)) {
            change.replicas(List.of(2, 3, 4, 1)).directories(List.of(id(), id(), id(), id()));
            change.addingReplicas(List.of(4)).removingReplicas(List.of(1));
        }
        records.add(new VersionedRecord(change.build(), 2));
    }

    private void removeTopic() {
        if (topics.size() < 4) return;
        Uuid topic = random.pick(List.copyOf(topics.keySet()));
        topics.remove(topic);
        partitionCounts.remove(topic);
        v0(RemoveTopicRecord.builder().topicId(topic).build());
    }

    private void config() {
        boolean onTopic = !topics.isEmpty() && random.nextBoolean();
        v0(ConfigRecord.builder()
                .resourceType((onTopic ? ConfigResource.Type.TOPIC : ConfigResource.Type.BROKER).code())
                .resourceName(onTopic ? random.pick(List.copyOf(topics.values())) : random.pick("", "1", "2"))
                .name(onTopic ? random.pick(TOPIC_CONFIGS) : random.pick("log.retention.ms", "log.cleaner.threads"))
                .value(random.chance(0.3) ? null : Integer.toString(random.nextInt(1000)))
                .build());
    }

    private void quota() {
        v0(ClientQuotaRecord.builder()
                .entity(List.of(
                        part("user", orNull(random.pick("a", "b", ""))),
                        part("client-id", orNull(random.pick("c", "")))))
                .key(random.pick("producer_byte_rate", "consumer_byte_rate"))
                .value(random.nextInt(1000))
                .remove(random.chance(0.3))
                .build());
    }

    private static @Nullable String orNull(String text) {
        return text.isEmpty() ? null : text;
    }

    private static ClientQuotaRecord.EntityData part(String type, @Nullable String name) {
        return ClientQuotaRecord.EntityData.builder()
                .entityType(type)
                .entityName(name)
                .build();
    }

    private void acl() {
        int number = random.nextInt(6);
        Uuid present = acls.remove(number);
        if (present != null) {
            v0(RemoveAccessControlEntryRecord.builder().id(present).build());
            return;
        }
        Uuid id = id();
        acls.put(number, id);
        v0(AccessControlEntryRecord.builder()
                .id(id)
                .resourceType((byte) 2)
                .resourceName("r" + number)
                .patternType((byte) 3)
                .principal("User:u")
                .host("*")
                .operation((byte) 3)
                .permissionType((byte) 3)
                .build());
    }

    private void scram() {
        String name = random.pick("u1", "u2", "u3");
        if (scramUsers.remove(name) != null) {
            v0(RemoveUserScramCredentialRecord.builder()
                    .name(name)
                    .mechanism((byte) 1)
                    .build());
            return;
        }
        scramUsers.put(name, true);
        v0(UserScramCredentialRecord.builder()
                .name(name)
                .mechanism((byte) 1)
                .salt(random.bytes(8))
                .storedKey(random.bytes(8))
                .serverKey(random.bytes(8))
                .iterations(4096)
                .build());
    }

    private void token() {
        String id = random.pick("t1", "t2");
        if (tokens.remove(id) != null) {
            v0(RemoveDelegationTokenRecord.builder().tokenId(id).build());
            return;
        }
        tokens.put(id, true);
        v0(DelegationTokenRecord.builder()
                .owner("User:o")
                .requester("User:o")
                .renewers(List.of("User:x"))
                .issueTimestamp(1)
                .maxTimestamp(9)
                .expirationTimestamp(random.nextInt(9))
                .tokenId(id)
                .build());
    }

    private void controllerOrIds() {
        int id = random.nextInt(3);
        switch (random.nextInt(4)) {
            case 0 -> {
                if (controllers.remove(id) != null)
                    v0(UnregisterControllerRecord.builder().controllerId(id).build());
            }
            case 1 ->
                v0(ProducerIdsRecord.builder()
                        .brokerId(id)
                        .brokerEpoch(made)
                        .nextProducerId(++made * 1000L)
                        .build());
            case 2 ->
                v0(FeatureLevelRecord.builder()
                        .name("share.version")
                        .featureLevel((short) random.nextInt(3))
                        .build());
            default -> {
                controllers.put(id, true);
                v0(RegisterControllerRecord.builder()
                        .controllerId(id)
                        .incarnationId(id())
                        .endPoints(List.of(RegisterControllerRecord.ControllerEndpoint.builder()
                                .name("CONTROLLER")
                                .host("h")
                                .port(9093)
                                .securityProtocol((short) 0)
                                .build()))
                        .features(List.of(RegisterControllerRecord.ControllerFeature.builder()
                                .name("metadata.version")
                                .minSupportedVersion((short) 7)
                                .maxSupportedVersion((short) 33)
                                .build()))
                        .build());
            }
        }
    }

    private void clearElrOrNoOp() {
        if (topics.isEmpty() || random.nextBoolean()) {
            v0(NoOpRecord.builder().build());
            return;
        }
        List<String> names = new ArrayList<>(topics.values());
        names.addAll(Arrays.asList("", ""));
        v0(ClearElrRecord.builder().topicName(random.pick(names)).build());
    }
}
