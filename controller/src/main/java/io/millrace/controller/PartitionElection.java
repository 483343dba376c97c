package io.millrace.controller;

import io.millrace.metadata.MetadataVersion;
import io.millrace.metadata.PartitionImage;
import io.millrace.metadata.VersionedRecord;
import io.millrace.protocol.Uuid;
import io.millrace.protocol.messages.PartitionChangeRecord;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.IntPredicate;

/**
 * Who leads a partition, and who is in sync and eligible, after brokers came or went (KIP-966).
 *
 * <p>With eligible leader replicas (ELR) the ISR may become empty: whoever leaves it while it is smaller than the minimum stays eligible, unless it stopped
 * uncleanly. Without ELR the last in-sync replica stays in the ISR although it is away.
 */
final class PartitionElection {
    private static final byte RECOVERING = 1;

    /**
     * What holds for the whole topic.
     *
     * @param metadataVersion     decides the version of the record
     * @param isElrEnabled        eligible leader replicas are on
     * @param minIsr              the topic's {@code min.insync.replicas}
     * @param mayElectUncleanly   the topic's {@code unclean.leader.election.enable}
     */
    record Rules(MetadataVersion metadataVersion, boolean isElrEnabled, int minIsr, boolean mayElectUncleanly) {}

    private final PartitionImage partition;
    private final Rules rules;
    private final IntPredicate canLead;
    private final List<Integer> isr;
    private final Set<Integer> stoppedUncleanly;

    /**
     * One partition's election.
     *
     * @param partition        as it is
     * @param canLead          whether a broker is awake and stays so
     * @param isr              who is in sync now
     * @param stoppedUncleanly brokers whose last records may be gone, so that they are no longer eligible
     */
    PartitionElection(
            PartitionImage partition,
            Rules rules,
            IntPredicate canLead,
            List<Integer> isr,
            Set<Integer> stoppedUncleanly) {
        this.partition = partition;
        this.rules = rules;
        this.canLead = canLead;
        this.isr = isr;
        this.stoppedUncleanly = stoppedUncleanly;
    }

    /** A leader, or {@link PartitionImage#NO_LEADER}, and whether records may be lost by it. */
    private record Elected(int leader, boolean isUnclean) {}

    /** The change record; empty if nothing changes. */
    Optional<VersionedRecord> record(Uuid topicId, int partitionId) {
        List<Integer> elr = eligible(isr);
        Elected elected = elect(elr);
        List<Integer> newIsr = newIsr(elected);
        if (newIsr.size() >= enoughInSync()) elr = List.of();
        else elr = without(elr, newIsr);
        PartitionChangeRecord.Builder change =
                PartitionChangeRecord.builder().partitionId(partitionId).topicId(topicId);
        boolean changes = false;
        if (!newIsr.equals(partition.isr())) {
            change.isr(newIsr);
            changes = true;
        }
        if (elected.leader() != partition.leader() || needsNewEpoch(newIsr)) {
            change.leader(elected.leader());
            changes = true;
        }
        if (elected.isUnclean() && !partition.isLeaderRecovering()) {
            change.leaderRecoveryState(RECOVERING);
            changes = true;
        }
        if (rules.metadataVersion().hasElr()) {
            if (!elr.equals(partition.elr())) {
                change.eligibleLeaderReplicas(elr);
                changes = true;
            }
            List<Integer> lastKnown = lastKnownLeader(elected, newIsr);
            if (!lastKnown.equals(partition.lastKnownElr())) {
                change.lastKnownElr(lastKnown);
                changes = true;
            }
        }
        if (!changes) return Optional.empty();
        return Optional.of(
                new VersionedRecord(change.build(), rules.metadataVersion().partitionRecordVersion()));
    }

    private int enoughInSync() {
        return Math.min(rules.minIsr(), partition.replicas().size());
    }

    /** Those who are or were in sync and still hold every acknowledged record, less those in sync now; in order of broker. */
    private List<Integer> eligible(List<Integer> inSync) {
        if (!rules.isElrEnabled() || inSync.size() >= enoughInSync()) return List.of();
        Set<Integer> candidates = new TreeSet<>(partition.elr());
        candidates.addAll(partition.isr());
        candidates.removeAll(inSync);
        candidates.removeAll(stoppedUncleanly);
        return List.copyOf(candidates);
    }

    private Elected elect(List<Integer> elr) {
        if (isr.contains(partition.leader()) && canLead.test(partition.leader()))
            return new Elected(partition.leader(), false);
        for (int replica : partition.replicas())
            if (isr.contains(replica) && canLead.test(replica)) return new Elected(replica, false);
        for (int replica : partition.replicas())
            if (elr.contains(replica) && canLead.test(replica)) return new Elected(replica, false);
        if (rules.isElrEnabled()
                && isr.isEmpty()
                && elr.isEmpty()
                && partition.lastKnownElr().size() == 1
                && canLead.test(partition.lastKnownElr().get(0)))
            return new Elected(partition.lastKnownElr().get(0), true);
        if (rules.mayElectUncleanly())
            for (int replica : partition.replicas()) if (canLead.test(replica)) return new Elected(replica, true);
        return new Elected(PartitionImage.NO_LEADER, false);
    }

    private List<Integer> newIsr(Elected elected) {
        if (elected.leader() != PartitionImage.NO_LEADER && !isr.contains(elected.leader()))
            return List.of(elected.leader()); // from the ELR, or unclean: alone until others have caught up with it
        if (isr.isEmpty() && !rules.isElrEnabled()) return partition.isr();
        return isr;
    }

    private boolean needsNewEpoch(List<Integer> newIsr) {
        return rules.metadataVersion().bumpsLeaderEpochOnIsrShrink() && !newIsr.containsAll(partition.isr());
    }

    /** Remembers who led last when a partition falls silent: should nobody eligible come back, that one is the best choice. */
    private List<Integer> lastKnownLeader(Elected elected, List<Integer> newIsr) {
        if (elected.leader() != PartitionImage.NO_LEADER || !rules.isElrEnabled()) return List.of();
        if (newIsr.isEmpty() && partition.hasLeader()) return List.of(partition.leader());
        return partition.lastKnownElr();
    }

    private static List<Integer> without(List<Integer> brokers, List<Integer> others) {
        List<Integer> left = new ArrayList<>(brokers);
        left.removeAll(others);
        return List.copyOf(left);
    }
}
