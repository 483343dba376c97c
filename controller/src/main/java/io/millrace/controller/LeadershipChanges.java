package io.millrace.controller;

import io.millrace.controller.PartitionElection.Doubts;
import io.millrace.metadata.MetadataImage;
import io.millrace.metadata.PartitionImage;
import io.millrace.metadata.TopicImage;
import io.millrace.metadata.VersionedRecord;
import io.millrace.metadata.config.EffectiveConfigs;
import io.millrace.protocol.Uuid;
import java.util.List;
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
    private final Electorate electorate;
    private final Consumer<VersionedRecord> out;

    LeadershipChanges(MetadataImage image, EffectiveConfigs configs, Consumer<VersionedRecord> out) {
        this.image = image;
        this.electorate = new Electorate(image, configs);
        this.out = out;
    }

    /** The broker is not, or soon not, there: it leaves every ISR and leads nothing. */
    void brokerLeaves(int brokerId) {
        leave(brokerId, Doubts.NONE, partition -> partition.isr().contains(brokerId) || partition.leader() == brokerId);
    }

    /** The broker stopped without flushing: it leaves every ISR and is eligible nowhere. */
    void brokerStoppedUncleanly(int brokerId) {
        leave(
                brokerId,
                Doubts.stoppedUncleanly(brokerId),
                partition -> partition.isr().contains(brokerId)
                        || partition.elr().contains(brokerId)
                        || partition.leader() == brokerId);
    }

    /** The broker lost directories: it leaves the ISR of what was in them. */
    void directoriesLost(int brokerId, Set<Uuid> lost) {
        leave(
                brokerId,
                Doubts.NONE,
                partition -> (partition.isr().contains(brokerId) || partition.leader() == brokerId)
                        && lost.contains(partition.directoryOf(brokerId)));
    }

    /** The broker has put a replica into a directory it has not got: it leaves that ISR. */
    void replicaLost(int brokerId, TopicImage topic, int partitionId, PartitionImage partition) {
        elect(
                topic,
                partitionId,
                partition,
                electorate.rulesOf(topic),
                PartitionElection.without(partition.isr(), List.of(brokerId)),
                electorate.amongThoseWithTheLog(
                        partition, id -> id != brokerId && image.cluster().isActive(id)),
                Doubts.NONE);
    }

    /**
     * The broker, which does not lead and is not in sync, has begun the replica anew, since the directory with it is gone: it is not eligible, and if it
     * led last it is not waited for any more.
     */
    void replicaBegunAnew(int brokerId, TopicImage topic, int partitionId, PartitionImage partition) {
        elect(
                topic,
                partitionId,
                partition,
                electorate.rulesOf(topic),
                partition.isr(),
                electorate.amongThoseWithTheLog(partition, image.cluster()::isActive),
                Doubts.begunAnew(brokerId));
    }

    /** The broker is awake: whatever nobody led is led by whoever may, this one or another that the rules have come to allow. */
    void brokerArrives(int brokerId) {
        each(
                partition -> !partition.hasLeader(),
                PartitionImage::isr,
                id -> id == brokerId || image.cluster().isActive(id),
                Doubts.NONE);
    }

    private void leave(int brokerId, Doubts doubts, Predicate<PartitionImage> concerned) {
        IntPredicate canLead = id -> id != brokerId && image.cluster().isActive(id);
        each(concerned, partition -> PartitionElection.without(partition.isr(), List.of(brokerId)), canLead, doubts);
    }

    /** Who is in sync after the event. */
    private interface InSync {
        List<Integer> of(PartitionImage partition);
    }

    private void each(Predicate<PartitionImage> concerned, InSync inSync, IntPredicate isAwake, Doubts doubts) {
        for (TopicImage topic : image.topics().inOrder()) {
            PartitionElection.Rules[] rules = {null};
            topic.forEachPartition((partitionId, partition) -> {
                if (!concerned.test(partition)) return;
                if (rules[0] == null) rules[0] = electorate.rulesOf(topic);
                elect(
                        topic,
                        partitionId,
                        partition,
                        rules[0],
                        inSync.of(partition),
                        electorate.amongThoseWithTheLog(partition, isAwake),
                        doubts);
            });
        }
    }

    private void elect(
            TopicImage topic,
            int partitionId,
            PartitionImage partition,
            PartitionElection.Rules rules,
            List<Integer> isr,
            IntPredicate canLead,
            Doubts doubts) {
        new PartitionElection(
                        partition,
                        rules,
                        canLead,
                        PartitionElection.Target.of(partition).withIsr(isr),
                        rules.mode(),
                        doubts)
                .record(topic.id(), partitionId)
                .ifPresent(out);
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
