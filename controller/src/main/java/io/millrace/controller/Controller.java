package io.millrace.controller;

import io.millrace.metadata.BrokerImage;
import io.millrace.metadata.ConfigResource;
import io.millrace.metadata.ConfigsImage;
import io.millrace.metadata.FeaturesImage;
import io.millrace.metadata.MetadataDelta;
import io.millrace.metadata.MetadataImage;
import io.millrace.metadata.MetadataProvenance;
import io.millrace.metadata.MetadataVersion;
import io.millrace.metadata.SupportedLevels;
import io.millrace.metadata.TransactionBuffer;
import io.millrace.metadata.VersionedRecord;
import io.millrace.metadata.config.EffectiveConfigs;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.messages.AbortTransactionRecord;
import io.millrace.protocol.messages.AllocateProducerIdsRequest;
import io.millrace.protocol.messages.AllocateProducerIdsResponse;
import io.millrace.protocol.messages.AlterClientQuotasRequest;
import io.millrace.protocol.messages.AlterClientQuotasResponse;
import io.millrace.protocol.messages.AlterConfigsRequest;
import io.millrace.protocol.messages.AlterConfigsResponse;
import io.millrace.protocol.messages.AlterPartitionReassignmentsRequest;
import io.millrace.protocol.messages.AlterPartitionReassignmentsResponse;
import io.millrace.protocol.messages.AlterPartitionRequest;
import io.millrace.protocol.messages.AlterPartitionResponse;
import io.millrace.protocol.messages.AlterUserScramCredentialsRequest;
import io.millrace.protocol.messages.AlterUserScramCredentialsResponse;
import io.millrace.protocol.messages.AssignReplicasToDirsRequest;
import io.millrace.protocol.messages.AssignReplicasToDirsResponse;
import io.millrace.protocol.messages.BeginTransactionRecord;
import io.millrace.protocol.messages.BrokerHeartbeatRequest;
import io.millrace.protocol.messages.BrokerHeartbeatResponse;
import io.millrace.protocol.messages.BrokerRegistrationRequest;
import io.millrace.protocol.messages.BrokerRegistrationResponse;
import io.millrace.protocol.messages.ControllerRegistrationRequest;
import io.millrace.protocol.messages.ControllerRegistrationResponse;
import io.millrace.protocol.messages.CreateAclsRequest;
import io.millrace.protocol.messages.CreateAclsResponse;
import io.millrace.protocol.messages.CreatePartitionsRequest;
import io.millrace.protocol.messages.CreatePartitionsResponse;
import io.millrace.protocol.messages.CreateTopicsRequest;
import io.millrace.protocol.messages.CreateTopicsResponse;
import io.millrace.protocol.messages.DeleteAclsRequest;
import io.millrace.protocol.messages.DeleteAclsResponse;
import io.millrace.protocol.messages.DeleteTopicsRequest;
import io.millrace.protocol.messages.DeleteTopicsResponse;
import io.millrace.protocol.messages.ElectLeadersRequest;
import io.millrace.protocol.messages.ElectLeadersResponse;
import io.millrace.protocol.messages.EndTransactionRecord;
import io.millrace.protocol.messages.IncrementalAlterConfigsRequest;
import io.millrace.protocol.messages.IncrementalAlterConfigsResponse;
import io.millrace.protocol.messages.ListPartitionReassignmentsRequest;
import io.millrace.protocol.messages.ListPartitionReassignmentsResponse;
import io.millrace.protocol.messages.ProducerIdsRecord;
import io.millrace.protocol.messages.UnregisterBrokerRequest;
import io.millrace.protocol.messages.UnregisterBrokerResponse;
import io.millrace.protocol.messages.UpdateFeaturesRequest;
import io.millrace.protocol.messages.UpdateFeaturesResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * The controller: a replicated state machine whose state is a {@link MetadataImage}.
 *
 * <p>The owner, on one lane: appends a decision's records to the metadata log and hands them to {@link #replay} at once, sends the response when they are
 * committed. Followers and a controller that loads only replay. On losing leadership the owner drops this object and loads a new one from the log, because replayed
 * records may turn out not to be committed. Beside the image there are the brokers' sessions, which are not replicated.
 */
public final class Controller {
    /** Producer ids given out at once (KIP-730). */
    public static final int PRODUCER_ID_BLOCK = 1000;

    private final ControllerSettings settings;
    private final BrokerSessions sessions;
    private final TransactionBuffer transactions = new TransactionBuffer();
    private MetadataImage image;
    private @Nullable InForce inForce;

    /** What followed from the properties set at run time while they were these. */
    private record InForce(ConfigsImage from, EffectiveConfigs configs) {}

    /**
     * A controller that knows what {@code image} says.
     *
     * @param image from a snapshot, or {@link MetadataImage#EMPTY}
     */
    public Controller(ControllerSettings settings, MetadataImage image) {
        this.settings = settings;
        this.sessions = new BrokerSessions(settings.sessionTimeoutMs());
        this.image = image;
    }

    /** What the controller goes by; on an active controller it may be ahead of what is committed. */
    public MetadataImage image() {
        return image;
    }

    /** The levels this version supports, by feature, for a node's own registration. */
    public static Map<String, SupportedLevels> supportedLevels() {
        return Registration.ownLevels();
    }

    /**
     * Takes records in: the only way in which replicated state changes.
     *
     * @param records    in the order of the log, in whole batches
     * @param provenance offset and epoch of the last of them
     */
    public void replay(List<VersionedRecord> records, MetadataProvenance provenance) {
        MetadataDelta delta = new MetadataDelta(image);
        for (VersionedRecord record : transactions.accept(records)) delta.replay(record.message());
        image = delta.apply(provenance);
    }

    /**
     * This controller leads from now on, and has replayed all of the log.
     *
     * @param bootstrap the records of a new cluster, used if the log has none yet
     * @return records that a new leader owes the log: the first ones, the end of a transaction its predecessor left open, what ELR needs
     */
    public Decision<Boolean> activate(List<VersionedRecord> bootstrap, ControllerContext context) {
        sessions.reset(image.cluster(), context.nowMs());
        List<VersionedRecord> records = new ArrayList<>();
        if (transactions.isOpen())
            records.add(VersionedRecord.v0(
                    AbortTransactionRecord.builder().reason("failover").build()));
        boolean isNew = image.features().level(MetadataVersion.FEATURE_NAME) == 0;
        if (!isNew) {
            if (image.features().isElrEnabled()) records.addAll(FeatureUpdate.minIsrForElr(image, effective()));
            return Decision.atomic(records, false);
        }
        MetadataImage first = image.apply(bootstrap, image.provenance());
        FeaturesImage features = first.features();
        boolean inTransaction = features.metadataVersion().hasTransactions();
        if (inTransaction)
            records.add(VersionedRecord.v0(
                    BeginTransactionRecord.builder().name("Bootstrap records").build()));
        records.addAll(bootstrap);
        if (features.isElrEnabled()) records.addAll(FeatureUpdate.minIsrForElr(first, effective()));
        if (inTransaction)
            records.add(VersionedRecord.v0(EndTransactionRecord.builder().build()));
        return Decision.atomic(records, true);
    }

    /** CreateTopics: names, numbers, assignments and properties as Kafka checks them; places replicas where nobody said. */
    public Decision<CreateTopicsResponse> createTopics(CreateTopicsRequest request, ControllerContext context) {
        return new TopicCreation(image, effective(), context.draws()).handle(request);
    }

    /** DeleteTopics, by name or id; refused if {@code delete.topic.enable} is off. */
    public Decision<DeleteTopicsResponse> deleteTopics(DeleteTopicsRequest request) {
        return new TopicDeletion(image, effective().brokerBoolean("delete.topic.enable")).handle(request);
    }

    /** CreatePartitions: only ever more of them. */
    public Decision<CreatePartitionsResponse> createPartitions(
            CreatePartitionsRequest request, ControllerContext context) {
        return new PartitionCreation(image, context.draws()).handle(request);
    }

    /** IncrementalAlterConfigs on topics, brokers, groups and client-metrics subscriptions; loggers belong to their broker. */
    public Decision<IncrementalAlterConfigsResponse> incrementalAlterConfigs(IncrementalAlterConfigsRequest request) {
        return new ConfigAlteration(image, effective()).handle(request);
    }

    /** AlterConfigs: what is not named goes back to its default. */
    public Decision<AlterConfigsResponse> alterConfigs(AlterConfigsRequest request) {
        return new ConfigAlteration(image, effective()).handle(request);
    }

    /** BrokerRegistration; the broker starts fenced, and its epoch is the offset of its registration record. */
    public Decision<BrokerRegistrationResponse> registerBroker(
            BrokerRegistrationRequest request, ControllerContext context) {
        Decision<BrokerRegistrationResponse> decision =
                new Registration(image, settings, effective(), sessions).register(request, context);
        if (decision.response().errorCode() == ErrorCode.NONE.code())
            sessions.touch(request.brokerId(), decision.response().brokerEpoch(), context.nowMs(), -1);
        return decision;
    }

    /** UnregisterBroker: forgets a broker that will not come back. */
    public Decision<UnregisterBrokerResponse> unregisterBroker(UnregisterBrokerRequest request) {
        Decision<UnregisterBrokerResponse> decision =
                new Registration(image, settings, effective(), sessions).unregister(request);
        if (!decision.records().isEmpty()) sessions.forget(request.brokerId());
        return decision;
    }

    /** ControllerRegistration. */
    public Decision<ControllerRegistrationResponse> registerController(ControllerRegistrationRequest request) {
        return new Registration(image, settings, effective(), sessions).register(request);
    }

    /** BrokerHeartbeat: a broker that has read its own registration wakes; one that wants to stop first hands over. */
    public Decision<BrokerHeartbeatResponse> heartbeat(BrokerHeartbeatRequest request, ControllerContext context) {
        return new Heartbeats(image, effective(), sessions).handle(request, context);
    }

    /**
     * Fences the first broker whose session has run out.
     *
     * @return how many had run out; call again after replaying while it is above 1
     */
    public Decision<Integer> fenceExpiredBrokers(ControllerContext context) {
        return new Heartbeats(image, effective(), sessions).expire(context.nowMs());
    }

    /**
     * Fences a broker of which it is known that its process has ended; another may register in its place at once.
     *
     * @param epoch the life that has ended
     * @return whether it was awake
     */
    public Decision<Boolean> fenceGoneBroker(int brokerId, long epoch) {
        return new Heartbeats(image, effective(), sessions).fenceGone(brokerId, epoch);
    }

    /** When {@link #fenceExpiredBrokers} is worth calling next; empty while no broker is awake. */
    public OptionalLong nextSessionExpiryMs() {
        return sessions.nextExpiryMs(image.cluster());
    }

    /** AllocateProducerIds: the next block. */
    public Decision<AllocateProducerIdsResponse> allocateProducerIds(AllocateProducerIdsRequest request) {
        BrokerImage broker = image.cluster().broker(request.brokerId());
        if (broker == null || broker.epoch() != request.brokerEpoch())
            return Decision.answer(AllocateProducerIdsResponse.builder()
                    .errorCode(ErrorCode.STALE_BROKER_EPOCH.code())
                    .build());
        long first = image.nextProducerId();
        if (first > Long.MAX_VALUE - PRODUCER_ID_BLOCK)
            return Decision.answer(AllocateProducerIdsResponse.builder()
                    .errorCode(ErrorCode.UNKNOWN_SERVER_ERROR.code())
                    .build());
        VersionedRecord record = VersionedRecord.v0(ProducerIdsRecord.builder()
                .brokerId(request.brokerId())
                .brokerEpoch(request.brokerEpoch())
                .nextProducerId(first + PRODUCER_ID_BLOCK)
                .build());
        return Decision.atomic(
                List.of(record),
                AllocateProducerIdsResponse.builder()
                        .producerIdStart(first)
                        .producerIdLen(PRODUCER_ID_BLOCK)
                        .build());
    }

    /**
     * UpdateFeatures.
     *
     * @param version      of the request, on which the shape of the answer depends
     * @param kraftVersion the quorum's own level, which is not in the metadata records
     */
    public Decision<UpdateFeaturesResponse> updateFeatures(
            UpdateFeaturesRequest request, int version, int kraftVersion) {
        return new FeatureUpdate(image, settings, effective(), kraftVersion).handle(request, version);
    }

    /**
     * AlterPartition: the leader of a partition says who is in sync.
     *
     * @param version of the request, which says whether it names the epochs of brokers
     */
    public Decision<AlterPartitionResponse> alterPartition(AlterPartitionRequest request, int version) {
        return new PartitionAlteration(electorate(), version).handle(request);
    }

    /** ElectLeaders: preferred leaders, or unclean ones for partitions that nobody leads. */
    public Decision<ElectLeadersResponse> electLeaders(ElectLeadersRequest request) {
        return new LeaderElections(electorate()).handle(request);
    }

    /** The answer to ElectLeaders if nothing of it could be done. */
    public static ElectLeadersResponse noElections(ElectLeadersRequest request, ErrorCode error) {
        return LeaderElections.refused(request, error, error.message());
    }

    /** AlterPartitionReassignments: other replicas for partitions, or those of before. */
    public Decision<AlterPartitionReassignmentsResponse> alterPartitionReassignments(
            AlterPartitionReassignmentsRequest request) {
        return new Reassignment(electorate()).handle(request);
    }

    /** ListPartitionReassignments: those that are not done yet. */
    public Decision<ListPartitionReassignmentsResponse> listPartitionReassignments(
            ListPartitionReassignmentsRequest request) {
        return Decision.answer(new Reassignment(electorate()).list(request));
    }

    /**
     * One round of giving partitions back to their preferred leaders, due every {@code leader.imbalance.check.interval.seconds}; does nothing if
     * {@code auto.leader.rebalance.enable} is off.
     *
     * @return whether there may be more; call again after replaying while it is so
     */
    public Decision<Boolean> balanceLeaders() {
        if (!effective().brokerBoolean("auto.leader.rebalance.enable")) return Decision.answer(false);
        return new LeaderElections(electorate()).balance();
    }

    /**
     * One round of unclean elections for partitions that nobody leads and whose topic has {@code unclean.leader.election.enable}, due every
     * {@code unclean.leader.election.interval.ms}: the property may have been set after the last broker left.
     *
     * @return whether there may be more; call again after replaying while it is so
     */
    public Decision<Boolean> electUncleanLeaders() {
        return new LeaderElections(electorate()).electUncleanly();
    }

    /**
     * One round of giving the partitions of {@code __consumer_offsets} the replicas they lack, now that there are brokers for them: {@code
     * offsets.topic.replication.factor}, or as many as there are brokers. Does nothing most of the time.
     *
     * @return whether something was begun
     */
    public Decision<Boolean> growOffsetsTopic() {
        return new ReplicationGrowth(electorate())
                .grow("__consumer_offsets", effective().brokerInt("offsets.topic.replication.factor"));
    }

    /** AlterClientQuotas: what is agreed on; whoever serves this has to enforce it. */
    public Decision<AlterClientQuotasResponse> alterClientQuotas(AlterClientQuotasRequest request) {
        return new QuotaAlteration(image.clientQuotas()).handle(request);
    }

    /** AlterUserScramCredentials: the passwords of users, as far as a server may know them. */
    public Decision<AlterUserScramCredentialsResponse> alterUserScramCredentials(
            AlterUserScramCredentialsRequest request) {
        return new ScramAlteration(image).handle(request);
    }

    /** CreateAcls: what is agreed on; whoever serves this has to enforce it. */
    public Decision<CreateAclsResponse> createAcls(CreateAclsRequest request, ControllerContext context) {
        return new AclAlteration(image.security()).create(request, context.draws());
    }

    /** DeleteAcls: of all that are there, those that match a filter. */
    public Decision<DeleteAclsResponse> deleteAcls(DeleteAclsRequest request) {
        return new AclAlteration(image.security()).delete(request);
    }

    /** AssignReplicasToDirs. */
    public Decision<AssignReplicasToDirsResponse> assignReplicasToDirs(AssignReplicasToDirsRequest request) {
        return new DirectoryAssignment(electorate()).handle(request);
    }

    private Electorate electorate() {
        return new Electorate(image, effective());
    }

    /** The values in force on this controller's node. */
    @SuppressWarnings("ReferenceEquality") // Whether nobody has set anything since, not whether it comes to the same.
    private EffectiveConfigs effective() {
        InForce known = inForce;
        if (known != null && known.from() == image.configs()) return known.configs();
        EffectiveConfigs configs = new EffectiveConfigs(
                settings.staticProperties(),
                image.configs().of(ConfigResource.BROKER_DEFAULT),
                image.configs().of(ConfigResource.broker(settings.nodeId())));
        inForce = new InForce(image.configs(), configs);
        return configs;
    }
}
