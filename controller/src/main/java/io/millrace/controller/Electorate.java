package io.millrace.controller;

import io.millrace.metadata.BrokerImage;
import io.millrace.metadata.ConfigResource;
import io.millrace.metadata.DirectoryIds;
import io.millrace.metadata.MetadataImage;
import io.millrace.metadata.PartitionImage;
import io.millrace.metadata.TopicImage;
import io.millrace.metadata.config.EffectiveConfigs;
import io.millrace.protocol.Uuid;
import java.util.Map;
import java.util.function.IntPredicate;

/** Who may lead what, and by which rules, as the image and the properties have it. */
record Electorate(MetadataImage image, EffectiveConfigs configs) {
    /** The rules of a topic's elections. */
    PartitionElection.Rules rulesOf(TopicImage topic) {
        Map<String, String> overrides = image.configs().of(ConfigResource.topic(topic.name()));
        return new PartitionElection.Rules(
                image.features().metadataVersion(),
                image.features().isElrEnabled(),
                Integer.parseInt(valueOf(overrides, "min.insync.replicas")),
                Boolean.parseBoolean(valueOf(overrides, "unclean.leader.election.enable")),
                this::directoryForNewReplica);
    }

    private String valueOf(Map<String, String> overrides, String name) {
        String value = configs.topic(overrides, name);
        if (value == null) throw new IllegalStateException("topic property " + name + " has no value");
        return value;
    }

    /** The election of a partition among the brokers that are awake by the image. */
    PartitionElection election(
            TopicImage topic, PartitionImage partition, PartitionElection.Target target, PartitionElection.Mode mode) {
        IntPredicate canLead = amongThoseWithTheLog(partition, image.cluster()::isActive);
        return new PartitionElection(partition, rulesOf(topic), canLead, target, mode, PartitionElection.Doubts.NONE);
    }

    /** Of those that are awake, the brokers that have not lost the directory their replica of this partition is in. */
    IntPredicate amongThoseWithTheLog(PartitionImage partition, IntPredicate isAwake) {
        return id -> isAwake.test(id) && hasDirectory(id, partition.directoryOf(id));
    }

    private boolean hasDirectory(int brokerId, Uuid directory) {
        BrokerImage broker = image.cluster().broker(brokerId);
        return broker == null || broker.hasOnlineDirectory(directory);
    }

    private Uuid directoryForNewReplica(int brokerId) {
        BrokerImage broker = image.cluster().broker(brokerId);
        return broker == null ? DirectoryIds.UNASSIGNED : broker.directoryForNewReplica();
    }
}
