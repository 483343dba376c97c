package io.millrace.controller;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.millrace.metadata.BootstrapRecords;
import io.millrace.metadata.BrokerImage;
import io.millrace.metadata.MetadataImage;
import io.millrace.metadata.MetadataProvenance;
import io.millrace.metadata.MetadataVersion;
import io.millrace.metadata.PartitionImage;
import io.millrace.metadata.TopicImage;
import io.millrace.metadata.VersionedRecord;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.ProtocolReader;
import io.millrace.protocol.Uuid;
import io.millrace.protocol.messages.AccessControlEntryRecord;
import io.millrace.protocol.messages.AllocateProducerIdsRequest;
import io.millrace.protocol.messages.AllocateProducerIdsResponse;
import io.millrace.protocol.messages.AlterPartitionReassignmentsRequest;
import io.millrace.protocol.messages.AlterPartitionReassignmentsResponse;
import io.millrace.protocol.messages.AlterPartitionRequest;
import io.millrace.protocol.messages.AlterPartitionResponse;
import io.millrace.protocol.messages.AssignReplicasToDirsRequest;
import io.millrace.protocol.messages.AssignReplicasToDirsResponse;
import io.millrace.protocol.messages.BrokerHeartbeatRequest;
import io.millrace.protocol.messages.BrokerHeartbeatResponse;
import io.millrace.protocol.messages.BrokerRegistrationRequest;
import io.millrace.protocol.messages.BrokerRegistrationResponse;
import io.millrace.protocol.messages.ClientQuotaRecord;
import io.millrace.protocol.messages.ElectLeadersRequest;
import io.millrace.protocol.messages.ElectLeadersResponse;
import io.millrace.protocol.messages.ListPartitionReassignmentsRequest;
import io.millrace.protocol.messages.ListPartitionReassignmentsResponse;
import io.millrace.protocol.messages.PartitionChangeRecord;
import io.millrace.protocol.messages.RegisterBrokerRecord;
import io.millrace.protocol.messages.UnregisterBrokerRequest;
import io.millrace.protocol.messages.UnregisterBrokerResponse;
import io.millrace.protocol.messages.UpdateFeaturesRequest;
import io.millrace.protocol.messages.UpdateFeaturesResponse;
import io.millrace.protocol.messages.UserScramCredentialRecord;
import io.millrace.testkit.SeededRandom;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.errors.ApiException;
import org.apache.kafka.common.message.AllocateProducerIdsRequestData;
import org.apache.kafka.common.message.AlterPartitionReassignmentsRequestData;
import org.apache.kafka.common.message.AlterPartitionRequestData;
import org.apache.kafka.common.message.AssignReplicasToDirsRequestData;
import org.apache.kafka.common.message.BrokerHeartbeatRequestData;
import org.apache.kafka.common.message.BrokerRegistrationRequestData;
import org.apache.kafka.common.message.CreateTopicsRequestData;
import org.apache.kafka.common.message.CreateTopicsRequestData.CreatableReplicaAssignment;
import org.apache.kafka.common.message.CreateTopicsRequestData.CreatableReplicaAssignmentCollection;
import org.apache.kafka.common.message.CreateTopicsRequestData.CreatableTopic;
import org.apache.kafka.common.message.CreateTopicsRequestData.CreatableTopicCollection;
import org.apache.kafka.common.message.ElectLeadersRequestData;
import org.apache.kafka.common.message.ListPartitionReassignmentsRequestData;
import org.apache.kafka.common.message.UpdateFeaturesRequestData;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.metadata.BrokerHeartbeatReply;
import org.jspecify.annotations.Nullable;

/** Our controller and Apache Kafka's are asked the same, and have to decide the same; Apache's log is what both go by. */
final class Twins implements AutoCloseable {
    static final long BALANCE_MS = 300_000;

    /** Long after the rounds; a story has time for a hundred of them. */
    private static final long SESSION_MS = 3_600_000;

    /** Beyond the end of every story. */
    private static final long NEVER_MS = 1_000_000_000;

    final OfficialController official;
    final Controller controller = new Controller(TestCluster.settings(Map.of(), SESSION_MS), MetadataImage.EMPTY);
    private final Draws draws;
    private int logEnd;
    private int incarnations;
    private long nowMs = 1_000;
    private Object asked = "nothing";

    Twins(SeededRandom random, Map<String, Short> levels) {
        this(random, levels, NEVER_MS);
    }

    /** As above, with unclean elections by the clock. */
    Twins(SeededRandom random, Map<String, Short> levels, long uncleanMs) {
        this.draws = TestCluster.drawsFrom(random);
        List<VersionedRecord> bootstrap = BootstrapRecords.of(MetadataVersion.latest(), levels);
        Decision<Boolean> ours = controller.activate(bootstrap, context());
        this.official = new OfficialController(bootstrap, SESSION_MS, BALANCE_MS, uncleanMs);
        official.pass(0);
        same(ours.records());
    }

    private ControllerContext context() {
        return new ControllerContext(nowMs, logEnd, draws);
    }

    MetadataImage image() {
        return controller.image();
    }

    PartitionImage partition(String topic, int partition) {
        PartitionImage image = image().topics().partition(topic, partition);
        if (image == null) throw new AssertionError(topic + "-" + partition + " is not there");
        return image;
    }

    TopicImage topic(String name) {
        TopicImage topic = image().topics().topic(name);
        if (topic == null) throw new AssertionError(name + " is not there");
        return topic;
    }

    BrokerImage broker(int id) {
        BrokerImage broker = image().cluster().broker(id);
        if (broker == null) throw new AssertionError("broker " + id + " is not there");
        return broker;
    }

    private TopicImage topicOf(PartitionChangeRecord change) {
        TopicImage topic = image().topics().topic(change.topicId());
        if (topic == null) throw new AssertionError(change + " is of no topic");
        return topic;
    }

    /** Takes Apache's newest records in, whatever ours would have been. */
    void follow() {
        List<VersionedRecord> theirs = official.recordsSince(logEnd);
        logEnd += theirs.size();
        controller.replay(theirs, new MetadataProvenance(logEnd - 1, 1));
    }

    /** The newest records are those that we decided on; their order among topics is Apache's own affair. */
    private void same(List<VersionedRecord> ours) {
        List<VersionedRecord> theirs = official.recordsSince(logEnd);
        // Only what one of the two has is worth reading.
        List<String> onlyTheirs = texts(theirs);
        List<String> onlyOurs = texts(ours);
        texts(ours).forEach(onlyTheirs::remove);
        texts(theirs).forEach(onlyOurs::remove);
        assertEquals(
                String.join("\n", onlyTheirs),
                String.join("\n", onlyOurs),
                () -> "records of " + asked + " at " + where());
        follow();
    }

    private List<String> texts(List<VersionedRecord> records) {
        return new ArrayList<>(records.stream().map(this::withoutDraws).sorted().toList());
    }

    private String where() {
        List<String> facts = new ArrayList<>();
        facts.add(image().features().levels().toString());
        image().cluster()
                .brokersInOrder()
                .forEach(broker ->
                        facts.add(broker.id() + (broker.isActive() ? "" : broker.isFenced() ? " fenced" : " leaving")));
        for (TopicImage topic : image().topics().inOrder())
            topic.forEachPartition((number, partition) -> facts.add(topic.id() + " " + topic.name() + "-" + number + " "
                    + image().configs().of(io.millrace.metadata.ConfigResource.topic(topic.name())) + partition));
        return String.join("\n", facts);
    }

    /** An ACL's id is drawn, a quota's entity written in the order of a hash, and a broker's epoch the offset of its own record here, of the first of its batch in Kafka; the rest has to be the same. */
    private String withoutDraws(VersionedRecord record) {
        return switch (record.message()) {
            case AccessControlEntryRecord acl ->
                acl.toBuilder().id(Uuid.ZERO).build().toString();
            case ClientQuotaRecord quota -> {
                List<ClientQuotaRecord.EntityData> parts = new ArrayList<>(quota.entity());
                parts.sort(java.util.Comparator.comparing(ClientQuotaRecord.EntityData::entityType));
                yield quota.toBuilder().entity(parts).build().toString();
            }
            case UserScramCredentialRecord credential -> {
                // arrays print as what they are, not as what they hold
                java.util.HexFormat hex = java.util.HexFormat.of();
                yield credential.name() + credential.mechanism() + " " + credential.iterations() + " "
                        + hex.formatHex(credential.salt()) + " " + hex.formatHex(credential.storedKey()) + " "
                        + hex.formatHex(credential.serverKey());
            }
            case RegisterBrokerRecord registration ->
                registration.toBuilder().brokerEpoch(0).build().toString();
            case PartitionChangeRecord change
            when change.lastKnownElr() != null -> {
                // Apache's remembers the last leader only, ours after it who was eligible (ADR 52).
                PartitionImage before = topicOf(change).partition(change.partitionId());
                boolean hadLeader = before != null && before.hasLeader();
                boolean saysMore = !change.lastKnownElr().isEmpty() && !hadLeader;
                yield new VersionedRecord(
                                change.toBuilder()
                                        .lastKnownElr(saysMore ? null : change.lastKnownElr())
                                        .build(),
                                record.version())
                        .toString();
            }
            default -> record.toString();
        };
    }

    /** Both answers, and what was written with them, are the same. */
    <R> R same(Object request, Decision<R> ours, Supplier<R> theirs) {
        asked = request;
        String answer = wording(theirs.get().toString());
        asked = request + " answered " + answer;
        same(ours.records());
        assertEquals(answer, ours.response().toString(), () -> "answer to " + asked + " at " + where());
        return ours.response();
    }

    /** Where Kafka says no more than the name of an error, we say it in our own words. */
    private static String wording(String answer) {
        String ours = answer;
        for (Errors error : Errors.values())
            if (error.message() != null)
                ours = ours.replace(
                        "errorMessage=" + error.message(),
                        "errorMessage=" + ErrorCode.forCode(error.code()).message());
        return ours;
    }

    private static ErrorCode code(ApiException failure) {
        return ErrorCode.forCode(Errors.forException(failure).code());
    }

    AlterPartitionResponse alterPartition(AlterPartitionRequest request, int version) {
        return same(request, controller.alterPartition(request, version), () -> {
            try {
                var data = OfficialController.official(new AlterPartitionRequestData(), request, version);
                var answer = official.ask(version, (asked, context) -> asked.alterPartition(context, data));
                return AlterPartitionResponse.read(
                        new ProtocolReader(OfficialController.bytes(answer, version)), version);
            } catch (ApiException failure) {
                return AlterPartitionResponse.builder()
                        .errorCode(code(failure).code())
                        .build();
            }
        });
    }

    ElectLeadersResponse electLeaders(ElectLeadersRequest request) {
        Decision<ElectLeadersResponse> ours = controller.electLeaders(request);
        return same(request, new Decision<>(ours.records(), inOrder(ours.response()), false), () -> {
            try {
                var data = OfficialController.official(new ElectLeadersRequestData(), request, 2);
                var answer = official.ask(2, (asked, context) -> asked.electLeaders(context, data));
                return inOrder(ElectLeadersResponse.read(new ProtocolReader(OfficialController.bytes(answer, 2)), 2));
            } catch (ApiException failure) {
                return inOrder(LeaderElections.refused(request, code(failure), failure.getMessage()));
            }
        });
    }

    private static ElectLeadersResponse inOrder(ElectLeadersResponse answer) {
        List<ElectLeadersResponse.ReplicaElectionResult> topics = new ArrayList<>();
        for (var topic : answer.replicaElectionResults()) {
            List<ElectLeadersResponse.PartitionResult> partitions = new ArrayList<>(topic.partitionResult());
            partitions.sort(java.util.Comparator.comparingInt(ElectLeadersResponse.PartitionResult::partitionId));
            topics.add(topic.toBuilder().partitionResult(partitions).build());
        }
        topics.sort(java.util.Comparator.comparing(ElectLeadersResponse.ReplicaElectionResult::topic));
        return answer.toBuilder().replicaElectionResults(topics).build();
    }

    AlterPartitionReassignmentsResponse reassign(AlterPartitionReassignmentsRequest request) {
        return same(request, controller.alterPartitionReassignments(request), () -> {
            var data = OfficialController.official(new AlterPartitionReassignmentsRequestData(), request, 1);
            var answer = official.ask(1, (asked, context) -> asked.alterPartitionReassignments(context, data));
            return AlterPartitionReassignmentsResponse.read(new ProtocolReader(OfficialController.bytes(answer, 1)), 1);
        });
    }

    ListPartitionReassignmentsResponse list(ListPartitionReassignmentsRequest request) {
        Decision<ListPartitionReassignmentsResponse> ours = controller.listPartitionReassignments(request);
        return same(request, new Decision<>(List.of(), inOrder(ours.response()), true), () -> {
            var data = OfficialController.official(new ListPartitionReassignmentsRequestData(), request, 0);
            var answer = official.ask(0, (asked, context) -> asked.listPartitionReassignments(context, data));
            return inOrder(ListPartitionReassignmentsResponse.read(
                    new ProtocolReader(OfficialController.bytes(answer, 0)), 0));
        });
    }

    private static ListPartitionReassignmentsResponse inOrder(ListPartitionReassignmentsResponse answer) {
        List<ListPartitionReassignmentsResponse.OngoingTopicReassignment> topics = new ArrayList<>();
        for (var topic : answer.topics()) {
            List<ListPartitionReassignmentsResponse.OngoingPartitionReassignment> partitions =
                    new ArrayList<>(topic.partitions());
            partitions.sort(java.util.Comparator.comparingInt(
                    ListPartitionReassignmentsResponse.OngoingPartitionReassignment::partitionIndex));
            topics.add(topic.toBuilder().partitions(partitions).build());
        }
        topics.sort(java.util.Comparator.comparing(ListPartitionReassignmentsResponse.OngoingTopicReassignment::name));
        return answer.toBuilder().topics(topics).build();
    }

    AssignReplicasToDirsResponse assignDirectories(AssignReplicasToDirsRequest request) {
        return same(request, controller.assignReplicasToDirs(request), () -> {
            try {
                var data = OfficialController.official(new AssignReplicasToDirsRequestData(), request, 0);
                var answer = official.ask(0, (asked, context) -> asked.assignReplicasToDirs(context, data));
                return AssignReplicasToDirsResponse.read(new ProtocolReader(OfficialController.bytes(answer, 0)), 0);
            } catch (ApiException failure) {
                return AssignReplicasToDirsResponse.builder()
                        .errorCode(code(failure).code())
                        .build();
            }
        });
    }

    AllocateProducerIdsResponse allocateProducerIds(AllocateProducerIdsRequest request) {
        return same(request, controller.allocateProducerIds(request), () -> {
            try {
                var data = OfficialController.official(new AllocateProducerIdsRequestData(), request, 0);
                var answer = official.ask(0, (asked, context) -> asked.allocateProducerIds(context, data));
                return AllocateProducerIdsResponse.read(new ProtocolReader(OfficialController.bytes(answer, 0)), 0);
            } catch (ApiException failure) {
                return AllocateProducerIdsResponse.builder()
                        .errorCode(code(failure).code())
                        .build();
            }
        });
    }

    UnregisterBrokerResponse unregister(int id) {
        UnregisterBrokerRequest request =
                UnregisterBrokerRequest.builder().brokerId(id).build();
        return same(request, controller.unregisterBroker(request), () -> {
            try {
                official.ask(0, (asked, context) -> asked.unregisterBroker(context, id));
                return UnregisterBrokerResponse.builder().errorMessage("").build();
            } catch (ApiException failure) {
                return UnregisterBrokerResponse.builder()
                        .errorCode(code(failure).code())
                        .errorMessage(failure.getMessage())
                        .build();
            }
        });
    }

    UpdateFeaturesResponse updateFeatures(UpdateFeaturesRequest request) {
        Decision<UpdateFeaturesResponse> ours = controller.updateFeatures(request, 2, 1);
        return same(request, new Decision<>(ours.records(), withoutWords(ours.response()), true), () -> {
            try {
                var data = OfficialController.official(new UpdateFeaturesRequestData(), request, 2);
                var answer = official.ask(2, (asked, context) -> asked.updateFeatures(context, data));
                return withoutWords(
                        UpdateFeaturesResponse.read(new ProtocolReader(OfficialController.bytes(answer, 2)), 2));
            } catch (ApiException failure) {
                return UpdateFeaturesResponse.builder()
                        .errorCode(code(failure).code())
                        .errorMessage(said(failure.getMessage()))
                        .build();
            }
        });
    }

    /** Whether there is a message; which one is compared elsewhere, or our own affair. */
    static @Nullable String said(@Nullable String message) {
        return message == null ? null : "(said)";
    }

    private static UpdateFeaturesResponse withoutWords(UpdateFeaturesResponse answer) {
        return answer.toBuilder().errorMessage(said(answer.errorMessage())).build();
    }

    BrokerHeartbeatResponse heartbeat(int id, boolean wantFence, boolean wantShutDown) {
        BrokerHeartbeatRequest request = BrokerHeartbeatRequest.builder()
                .brokerId(id)
                .brokerEpoch(broker(id).epoch())
                .currentMetadataOffset(logEnd)
                .wantFence(wantFence)
                .wantShutDown(wantShutDown)
                .cordonedLogDirs(List.of())
                .build();
        int version = BrokerHeartbeatRequest.HIGHEST_SUPPORTED_VERSION;
        return same(request, controller.heartbeat(request, context()), () -> {
            var data = OfficialController.official(new BrokerHeartbeatRequestData(), request, version);
            BrokerHeartbeatReply answer =
                    official.ask(version, (asked, context) -> asked.processBrokerHeartbeat(context, data));
            return BrokerHeartbeatResponse.builder()
                    .isCaughtUp(answer.isCaughtUp())
                    .isFenced(answer.isFenced())
                    .shouldShutDown(answer.shouldShutDown())
                    .build();
        });
    }

    /** Starts a broker anew after its session has run out, whether it stopped in order or not, and wakes it. */
    void start(int id, boolean stoppedCleanly) {
        balanceAfter(SESSION_MS + 1);
        register(id, stoppedCleanly);
        heartbeat(id, false, false);
    }

    /** Registers a broker's new life; refused if its old one is awake and was heard of. */
    BrokerRegistrationResponse register(int id, boolean stoppedCleanly) {
        BrokerImage previous = image().cluster().broker(id);
        BrokerRegistrationRequest request = TestCluster.registration(id, ++incarnations)
                .previousBrokerEpoch(previous == null || !stoppedCleanly ? -1 : previous.epoch())
                .build();
        int version = BrokerRegistrationRequest.HIGHEST_SUPPORTED_VERSION;
        Decision<BrokerRegistrationResponse> ours = controller.registerBroker(request, context());
        return same(request, new Decision<>(ours.records(), withoutEpoch(ours.response()), true), () -> {
            try {
                var data = OfficialController.official(new BrokerRegistrationRequestData(), request, version);
                var answer = official.ask(version, (asked, context) -> asked.registerBroker(context, data));
                return withoutEpoch(BrokerRegistrationResponse.builder()
                        .brokerEpoch(answer.epoch())
                        .build());
            } catch (ApiException failure) {
                return BrokerRegistrationResponse.builder()
                        .errorCode(code(failure).code())
                        .brokerEpoch(-1)
                        .build();
            }
        });
    }

    private static BrokerRegistrationResponse withoutEpoch(BrokerRegistrationResponse answer) {
        return answer.toBuilder().brokerEpoch(answer.brokerEpoch() < 0 ? -1 : 0).build();
    }

    /** Apache makes a topic; ours takes it over. */
    void create(String name, List<List<Integer>> assignment) {
        CreatableReplicaAssignmentCollection partitions = new CreatableReplicaAssignmentCollection();
        for (int i = 0; i < assignment.size(); i++)
            partitions.add(new CreatableReplicaAssignment().setPartitionIndex(i).setBrokerIds(assignment.get(i)));
        CreatableTopicCollection topics = new CreatableTopicCollection();
        topics.add(new CreatableTopic()
                .setName(name)
                .setNumPartitions(-1)
                .setReplicationFactor((short) -1)
                .setAssignments(partitions));
        official.ask(
                7,
                (asked, context) -> asked.createTopics(
                        context, new CreateTopicsRequestData().setTopics(topics), Set.of(name), false));
        follow();
    }

    /** Apache sets a topic's property; ours takes it over. */
    void set(String topic, String property, String value) {
        official.ask(
                1,
                (asked, context) -> asked.incrementalAlterConfigs(
                        context,
                        Map.of(
                                new ConfigResource(ConfigResource.Type.TOPIC, topic),
                                Map.of(property, Map.entry(AlterConfigOp.OpType.SET, value))),
                        false,
                        false));
        follow();
    }

    /** Lets time pass, and partitions go back to their preferred leaders. */
    void balanceAfter(long ms) {
        asked = "the time, after " + ms + " ms";
        List<VersionedRecord> ours = new ArrayList<>();
        if (ms > BALANCE_MS) ours.addAll(controller.balanceLeaders().records());
        pass(ms);
        same(ours);
    }

    /** Lets time pass, and nobody leads for long where anybody may. */
    void electUncleanlyAfter(long ms) {
        asked = "the time, after " + ms + " ms";
        List<VersionedRecord> ours = controller.electUncleanLeaders().records();
        pass(ms);
        same(ours);
    }

    private void pass(long ms) {
        nowMs += ms;
        official.pass(ms);
    }

    @Override
    public void close() {
        official.close();
    }
}
