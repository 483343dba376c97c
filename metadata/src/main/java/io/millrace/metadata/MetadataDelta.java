package io.millrace.metadata;

import io.millrace.protocol.MetadataRecord;
import io.millrace.protocol.Uuid;
import io.millrace.protocol.messages.AccessControlEntryRecord;
import io.millrace.protocol.messages.BrokerRegistrationChangeRecord;
import io.millrace.protocol.messages.ClearElrRecord;
import io.millrace.protocol.messages.ClientQuotaRecord;
import io.millrace.protocol.messages.ConfigRecord;
import io.millrace.protocol.messages.DelegationTokenRecord;
import io.millrace.protocol.messages.FeatureLevelRecord;
import io.millrace.protocol.messages.FenceBrokerRecord;
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
import io.millrace.protocol.messages.ZkMigrationStateRecord;
import java.util.Collections;
import java.util.SortedSet;
import java.util.TreeSet;

/** Records on their way into an image, and what they changed. Not to be used after {@link #apply}. */
public final class MetadataDelta {
    private final MetadataImage base;
    private FeaturesImage features;
    private ClusterImage cluster;
    private ConfigsImage configs;
    private ClientQuotasImage clientQuotas;
    private long nextProducerId;
    private SecurityImage security;
    private final TopicsDraft topics;
    private final SortedSet<Integer> changedBrokers = new TreeSet<>();
    private final SortedSet<ConfigResource> changedConfigs = new TreeSet<>();

    /** Nothing changed yet. */
    public MetadataDelta(MetadataImage base) {
        this.base = base;
        this.features = base.features();
        this.cluster = base.cluster();
        this.configs = base.configs();
        this.clientQuotas = base.clientQuotas();
        this.nextProducerId = base.nextProducerId();
        this.security = base.security();
        this.topics = new TopicsDraft(base.topics());
    }

    /**
     * Takes one record in.
     *
     * @throws IllegalStateException if the record speaks of something that is not there
     */
    public void replay(MetadataRecord record) {
        switch (record.recordType()) {
            case REGISTER_BROKER_RECORD -> replayBroker(BrokerImage.of((RegisterBrokerRecord) record));
            case UNREGISTER_BROKER_RECORD -> replayUnregistration((UnregisterBrokerRecord) record);
            case TOPIC_RECORD -> {
                TopicRecord topic = (TopicRecord) record;
                topics.add(topic.name(), topic.topicId());
            }
            case PARTITION_RECORD -> {
                PartitionRecord partition = (PartitionRecord) record;
                topics.put(partition.topicId(), partition.partitionId(), PartitionImage.of(partition));
            }
            case CONFIG_RECORD -> replayConfig((ConfigRecord) record);
            case PARTITION_CHANGE_RECORD -> topics.change((PartitionChangeRecord) record);
            case FENCE_BROKER_RECORD -> {
                FenceBrokerRecord fence = (FenceBrokerRecord) record;
                replayBroker(broker(fence.id(), fence.epoch()).withFenced(true));
            }
            case UNFENCE_BROKER_RECORD -> {
                UnfenceBrokerRecord unfence = (UnfenceBrokerRecord) record;
                replayBroker(broker(unfence.id(), unfence.epoch()).withFenced(false));
            }
            case BROKER_REGISTRATION_CHANGE_RECORD -> {
                BrokerRegistrationChangeRecord change = (BrokerRegistrationChangeRecord) record;
                replayBroker(broker(change.brokerId(), change.brokerEpoch()).changedBy(change));
            }
            case REMOVE_TOPIC_RECORD -> {
                String name = topics.remove(((RemoveTopicRecord) record).topicId());
                configs = configs.without(ConfigResource.topic(name));
                changedConfigs.add(ConfigResource.topic(name));
            }
            case FEATURE_LEVEL_RECORD -> features = features.with((FeatureLevelRecord) record);
            case ZK_MIGRATION_STATE_RECORD ->
                features = features.withZkMigrationState(((ZkMigrationStateRecord) record).zkMigrationState());
            case CLIENT_QUOTA_RECORD -> clientQuotas = clientQuotas.with((ClientQuotaRecord) record);
            case PRODUCER_IDS_RECORD -> nextProducerId = ((ProducerIdsRecord) record).nextProducerId();
            case REGISTER_CONTROLLER_RECORD -> {
                ControllerImage controller = ControllerImage.of((RegisterControllerRecord) record);
                cluster = new ClusterImage(
                        cluster.brokers(), cluster.controllers().with(controller.id(), controller));
            }
            case UNREGISTER_CONTROLLER_RECORD ->
                cluster = new ClusterImage(
                        cluster.brokers(),
                        cluster.controllers().without(((UnregisterControllerRecord) record).controllerId()));
            case CLEAR_ELR_RECORD -> topics.clearElr(((ClearElrRecord) record).topicName());
            case ACCESS_CONTROL_ENTRY_RECORD,
                    REMOVE_ACCESS_CONTROL_ENTRY_RECORD,
                    USER_SCRAM_CREDENTIAL_RECORD,
                    REMOVE_USER_SCRAM_CREDENTIAL_RECORD,
                    DELEGATION_TOKEN_RECORD,
                    REMOVE_DELEGATION_TOKEN_RECORD -> replaySecurity(record);
            case NO_OP_RECORD, BEGIN_TRANSACTION_RECORD, END_TRANSACTION_RECORD, ABORT_TRANSACTION_RECORD -> {
                // No-ops only move the offset; the other three have done their work in the TransactionBuffer.
            }
        }
    }

    private void replayBroker(BrokerImage broker) {
        cluster = new ClusterImage(cluster.brokers().with(broker.id(), broker), cluster.controllers());
        changedBrokers.add(broker.id());
    }

    private void replayUnregistration(UnregisterBrokerRecord record) {
        BrokerImage broker = broker(record.brokerId(), record.brokerEpoch());
        cluster = new ClusterImage(cluster.brokers().without(broker.id()), cluster.controllers());
        changedBrokers.add(broker.id());
    }

    private BrokerImage broker(int id, long epoch) {
        BrokerImage broker = cluster.broker(id);
        if (broker == null)
            throw new IllegalStateException("a metadata record changes broker " + id + ", which is not registered");
        if (broker.epoch() != epoch)
            throw new IllegalStateException("a metadata record changes broker " + id + " at epoch " + epoch
                    + ", it is registered at epoch " + broker.epoch());
        return broker;
    }

    private void replayConfig(ConfigRecord record) {
        ConfigResource.Type type = ConfigResource.Type.forCode(record.resourceType())
                .orElseThrow(() -> new IllegalStateException("a metadata record sets " + record.name()
                        + " on a resource of unknown type " + record.resourceType()));
        ConfigResource resource = new ConfigResource(type, record.resourceName());
        configs = configs.with(resource, record);
        changedConfigs.add(resource);
    }

    private void replaySecurity(MetadataRecord record) {
        security = switch (record) {
            case AccessControlEntryRecord acl ->
                security.withAcls(security.acls().with(acl.id(), acl));
            case RemoveAccessControlEntryRecord gone -> {
                if (!security.acls().contains(gone.id()))
                    throw new IllegalStateException(
                            "a metadata record removes ACL " + gone.id() + ", which is not there");
                yield security.withAcls(security.acls().without(gone.id()));
            }
            case UserScramCredentialRecord credential ->
                security.withScram(security.scramCredentials()
                        .with(new SecurityImage.ScramUser(credential.mechanism(), credential.name()), credential));
            case RemoveUserScramCredentialRecord gone ->
                security.withScram(security.scramCredentials()
                        .without(new SecurityImage.ScramUser(gone.mechanism(), gone.name())));
            case DelegationTokenRecord token ->
                security.withTokens(security.delegationTokens().with(token.tokenId(), token));
            case RemoveDelegationTokenRecord gone ->
                security.withTokens(security.delegationTokens().without(gone.tokenId()));
            default -> throw new IllegalStateException(record.recordType() + " is no security record");
        };
    }

    /** The image with all records in. */
    public MetadataImage apply(MetadataProvenance provenance) {
        return new MetadataImage(
                provenance, features, cluster, topics.image(), configs, clientQuotas, nextProducerId, security);
    }

    /** The image the records came on top of. */
    public MetadataImage base() {
        return base;
    }

    /** Topics that were made, removed, or changed in a partition, in order of id; look each up in the old and the new image. */
    public SortedSet<Uuid> changedTopics() {
        return topics.changed();
    }

    /** Brokers that registered, unregistered or changed, in order. */
    public SortedSet<Integer> changedBrokers() {
        return Collections.unmodifiableSortedSet(changedBrokers);
    }

    /** Resources whose properties changed, in order. */
    public SortedSet<ConfigResource> changedConfigs() {
        return Collections.unmodifiableSortedSet(changedConfigs);
    }

    /** Whether a feature's level changed. */
    public boolean featuresChanged() {
        return !features.equals(base.features());
    }
}
