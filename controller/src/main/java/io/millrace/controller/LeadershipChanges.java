package io.millrace.controller;

import io.millrace.metadata.BrokerImage;
import io.millrace.metadata.ConfigResource;
import io.millrace.metadata.DirectoryIds;
import io.millrace.metadata.MetadataImage;
import io.millrace.metadata.PartitionImage;
import io.millrace.metadata.TopicImage;
import io.millrace.metadata.VersionedRecord;
import io.millrace.metadata.config.EffectiveConfigs;
import io.millrace.protocol.Uuid;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.IntPredicate;
import java.util.function.Predicate;

/**
 * The elections that follow when a broker comes, goes or loses a directory.
 *
 * <p>Looks through all partitions, in order of topic: some milliseconds at 20,000 of them, and brokers come and go rarely.
 */
final class LeadershipChanges {
    private final MetadataImage image;
    private final EffectiveConfigs configs;
    private final Consumer<VersionedRecord> out;

    LeadershipChanges(MetadataImage image, EffectiveConfigs configs, Consumer<VersionedRecord> out) {
        this.image = image;
        this.configs = configs;
        this.out = out;
    }

    /** The broker is not, or soon not, there: it leaves every ISR and leads nothing. */
    void brokerLeaves(int brokerId) {
        leave(brokerId, Set.of(), partition -> partition.isr().contains(brokerId) || partition.leader() == brokerId);
    }

    /** The broker stopped without flushing: it leaves every ISR and is eligible nowhere. */
    void brokerStoppedUncleanly(int brokerId) {
        leave(
                brokerId,
                Set.of(brokerId),
                partition -> partition.isr().contains(brokerId)
                        || partition.elr().contains(brokerId)
                        || partition.leader() == brokerId);
    }

    /** The broker lost directories: it leaves the ISR of what was in them. */
    void directoriesLost(int brokerId, Set<Uuid> lost) {
        leave(
                brokerId,
                Set.of(),
                partition -> (partition.isr().contains(brokerId) || partition.leader() == brokerId)
                        && lost.contains(partition.directoryOf(brokerId)));
    }

    /** The broker is awake: it leads what had no leader and what it may lead. */
    void brokerArrives(int brokerId) {
        IntPredicate canLead = id -> id == brokerId || image.cluster().isActive(id);
        each(
                partition -> !partition.hasLeader() && partition.replicas().contains(brokerId),
                partition -> partition.isr(),
                canLead,
                Set.of());
    }

    private void leave(int brokerId, Set<Integer> uncleanly, Predicate<PartitionImage> concerned) {
        IntPredicate canLead = id -> id != brokerId && image.cluster().isActive(id);
        each(
                concerned,
                partition -> {
                    List<Integer> left = new ArrayList<>(partition.isr());
                    left.remove(Integer.valueOf(brokerId));
                    return List.copyOf(left);
                },
                canLead,
                uncleanly);
    }

    /** Who is in sync after the event. */
    private interface InSync {
        List<Integer> of(PartitionImage partition);
    }

    private void each(
            Predicate<PartitionImage> concerned, InSync inSync, IntPredicate canLead, Set<Integer> uncleanly) {
        for (TopicImage topic : image.topics().inOrder()) {
            PartitionElection.Rules[] rules = {null};
            topic.forEachPartition((partitionId, partition) -> {
                if (!concerned.test(partition)) return;
                if (rules[0] == null) rules[0] = rulesOf(topic);
                IntPredicate hasItsLog = id -> canLead.test(id) && isInUse(partition.directoryOf(id), id);
                new PartitionElection(partition, rules[0], hasItsLog, inSync.of(partition), uncleanly)
                        .record(topic.id(), partitionId)
                        .ifPresent(out);
            });
        }
    }

    /** Whether a broker has the directory in which it keeps a replica, as far as is known. */
    private boolean isInUse(Uuid directory, int brokerId) {
        BrokerImage broker = image.cluster().broker(brokerId);
        if (broker == null || broker.logDirs().isEmpty()) return true;
        if (DirectoryIds.isReserved(directory)) return !directory.equals(DirectoryIds.LOST);
        return broker.logDirs().contains(directory);
    }

    private PartitionElection.Rules rulesOf(TopicImage topic) {
        Map<String, String> overrides = image.configs().of(ConfigResource.topic(topic.name()));
        return new PartitionElection.Rules(
                image.features().metadataVersion(),
                image.features().isElrEnabled(),
                Integer.parseInt(valueOf(overrides, "min.insync.replicas")),
                Boolean.parseBoolean(valueOf(overrides, "unclean.leader.election.enable")));
    }

    private String valueOf(Map<String, String> overrides, String name) {
        String value = configs.topic(overrides, name);
        if (value == null) throw new IllegalStateException("topic property " + name + " has no value");
        return value;
    }

    /** Whether the broker leads anything; looks through all partitions. */
    static boolean leadsAnything(MetadataImage image, int brokerId) {
        boolean[] leads = {false};
        image.topics().byId().forEach((id, topic) -> {
            if (!leads[0]) topic.forEachPartition((number, partition) -> leads[0] |= partition.leader() == brokerId);
        });
        return leads[0];
    }
}
