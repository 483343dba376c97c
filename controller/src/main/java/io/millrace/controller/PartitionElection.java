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
import java.util.function.IntFunction;
import java.util.function.IntPredicate;

/**
 * Who leads a partition, and who is in sync and eligible, after brokers came or went, the leader proposed another ISR, or the replicas are to be others (KIP-455,
 * 460, 966). A reassignment whose new replicas are all in sync ends here.
 *
 * <p>With eligible leader replicas (ELR) the ISR may become empty: whoever leaves it while it is smaller than the minimum stays eligible, unless it stopped
 * uncleanly. Without ELR the last in-sync replica stays in the ISR although it is away.
 */
final class PartitionElection {
    private static final byte RECOVERING = 1;
    private static final byte RECOVERED = 0;

    /**
     * What holds for the whole topic.
     *
     * @param metadataVersion        decides the version of the record
     * @param isElrEnabled           eligible leader replicas are on
     * @param minIsr                 the topic's {@code min.insync.replicas}
     * @param mayElectUncleanly      the topic's {@code unclean.leader.election.enable}
     * @param directoryForNewReplica where a broker will put a replica it has not got yet
     */
    record Rules(
            MetadataVersion metadataVersion,
            boolean isElrEnabled,
            int minIsr,
            boolean mayElectUncleanly,
            IntFunction<Uuid> directoryForNewReplica) {
        /** Who is chosen where there is no special wish. */
        Mode mode() {
            return mayElectUncleanly ? Mode.UNCLEAN : Mode.CLEAN;
        }
    }

    /** Who may be chosen. */
    enum Mode {
        /** The present leader if it can go on, otherwise somebody in sync or eligible. */
        CLEAN,
        /** As clean, but the preferred leader first. */
        PREFERRED,
        /** As clean, and in the end anybody who is awake, at the price of records (KIP-460). */
        UNCLEAN
    }

    /**
     * What the partition is to be; the election may change it further.
     *
     * @param isr                who is in sync now
     * @param replicas           preferred leader first
     * @param removing           of the replicas, those a reassignment will remove
     * @param adding             of the replicas, those it adds
     * @param isLeaderRecovering whether the leader still recovers from an unclean election (KIP-704)
     * @param isBeginning        the assignment is just being made, so it is over only if there is nothing to wait for
     */
    record Target(
            List<Integer> isr,
            List<Integer> replicas,
            List<Integer> removing,
            List<Integer> adding,
            boolean isLeaderRecovering,
            boolean isBeginning) {
        static Target of(PartitionImage partition) {
            return new Target(
                    partition.isr(),
                    partition.replicas(),
                    partition.removingReplicas(),
                    partition.addingReplicas(),
                    partition.isLeaderRecovering(),
                    false);
        }

        Target withIsr(List<Integer> newIsr) {
            return new Target(newIsr, replicas, removing, adding, isLeaderRecovering, isBeginning);
        }

        Target withRecovering(boolean recovering) {
            return new Target(isr, replicas, removing, adding, recovering, isBeginning);
        }

        Target withAssignment(List<Integer> newReplicas, List<Integer> newRemoving, List<Integer> newAdding) {
            return new Target(isr, newReplicas, newRemoving, newAdding, isLeaderRecovering, true);
        }

        /** A reassignment is done once all it adds is in sync, and enough of those who stay; if it adds nothing, or just begins, once all who stay are. */
        private Target withoutFinishedReassignment(int minIsr) {
            if (removing.isEmpty() && adding.isEmpty()) return this;
            List<Integer> staying = without(replicas, removing);
            List<Integer> inSync = without(isr, removing);
            boolean isEnough = !inSync.isEmpty() && inSync.size() >= Math.min(minIsr, staying.size());
            boolean waitsForAll = isBeginning || adding.isEmpty();
            if (!isEnough || !inSync.containsAll(waitsForAll ? staying : adding)) return this;
            return new Target(inSync, staying, List.of(), List.of(), isLeaderRecovering, false);
        }
    }

    /**
     * Replicas that are not what they were.
     *
     * @param stoppedUncleanly brokers whose last records may be gone, so that they are no longer eligible
     * @param begunAnew        brokers that have lost the whole log, and have begun another one
     */
    record Doubts(Set<Integer> stoppedUncleanly, Set<Integer> begunAnew) {
        static final Doubts NONE = new Doubts(Set.of(), Set.of());

        static Doubts stoppedUncleanly(int brokerId) {
            return new Doubts(Set.of(brokerId), Set.of());
        }

        static Doubts begunAnew(int brokerId) {
            return new Doubts(Set.of(), Set.of(brokerId));
        }
    }

    private final PartitionImage partition;
    private final Rules rules;
    private final IntPredicate canLead;
    private final Target target;
    private final Mode mode;
    private final Doubts doubts;

    /**
     * One partition's election.
     *
     * @param partition as it is
     * @param canLead   whether a broker is awake and stays so
     * @param target    as it is to be
     */
    PartitionElection(
            PartitionImage partition, Rules rules, IntPredicate canLead, Target target, Mode mode, Doubts doubts) {
        this.partition = partition;
        this.rules = rules;
        this.canLead = canLead;
        this.target = target.withoutFinishedReassignment(rules.minIsr());
        this.mode = mode;
        this.doubts = doubts;
    }

    /** A leader, or {@link PartitionImage#NO_LEADER}, and whether records may be lost by it. */
    private record Elected(int leader, boolean isUnclean) {}

    /** The change record; empty if nothing changes. */
    Optional<VersionedRecord> record(Uuid topicId, int partitionId) {
        List<Integer> elr = eligible();
        Elected elected = elect(elr);
        List<Integer> newIsr = newIsr(elected);
        // Whoever was eligible knows records that an unclean leader does not.
        if (elected.isUnclean() || newIsr.size() >= enoughInSync()) elr = List.of();
        else elr = without(elr, newIsr);
        PartitionChangeRecord.Builder change =
                PartitionChangeRecord.builder().partitionId(partitionId).topicId(topicId);
        boolean changes = setAssignment(change);
        if (!newIsr.equals(partition.isr())) {
            change.isr(newIsr);
            changes = true;
        }
        if (elected.leader() != partition.leader() || needsNewEpoch(newIsr)) {
            change.leader(elected.leader());
            changes = true;
        }
        boolean isRecovering = target.isLeaderRecovering() || elected.isUnclean();
        if (isRecovering != partition.isLeaderRecovering()) {
            change.leaderRecoveryState(isRecovering ? RECOVERING : RECOVERED);
            changes = true;
        }
        if (rules.metadataVersion().hasElr()) {
            if (!elr.equals(partition.elr())) {
                change.eligibleLeaderReplicas(elr);
                changes = true;
            }
            List<Integer> lastKnown = lastKnown(elected);
            if (!lastKnown.equals(partition.lastKnownElr())) {
                change.lastKnownElr(lastKnown);
                changes = true;
            }
        }
        if (!changes) return Optional.empty();
        return Optional.of(
                new VersionedRecord(change.build(), rules.metadataVersion().partitionRecordVersion()));
    }

    private boolean setAssignment(PartitionChangeRecord.Builder change) {
        boolean changes = false;
        if (!target.replicas().equals(partition.replicas())) {
            change.replicas(target.replicas());
            changes = true;
            List<Uuid> directories = new ArrayList<>();
            for (int replica : target.replicas())
                directories.add(
                        partition.replicas().contains(replica)
                                ? partition.directoryOf(replica)
                                : rules.directoryForNewReplica().apply(replica));
            if (rules.metadataVersion().hasDirectories() && !directories.equals(partition.directories()))
                change.directories(directories);
        }
        if (!target.removing().equals(partition.removingReplicas())) {
            change.removingReplicas(target.removing());
            changes = true;
        }
        if (!target.adding().equals(partition.addingReplicas())) {
            change.addingReplicas(target.adding());
            changes = true;
        }
        return changes;
    }

    private int enoughInSync() {
        return Math.min(rules.minIsr(), target.replicas().size());
    }

    /** Those who are or were in sync and still hold every acknowledged record, less those in sync now; in order of broker. */
    private List<Integer> eligible() {
        if (!rules.isElrEnabled() || target.isr().size() >= enoughInSync()) return List.of();
        Set<Integer> candidates = new TreeSet<>(partition.elr());
        candidates.addAll(partition.isr());
        candidates.retainAll(target.replicas());
        candidates.removeAll(target.isr());
        candidates.removeAll(doubts.stoppedUncleanly());
        candidates.removeAll(doubts.begunAnew());
        return List.copyOf(candidates);
    }

    private Elected elect(List<Integer> elr) {
        List<Integer> isr = target.isr();
        // Somebody eligible would lead alone, so that is no gain while anybody is in sync.
        IntPredicate isClean = id -> (isr.isEmpty() ? elr.contains(id) : isr.contains(id)) && canLead.test(id);
        if (mode == Mode.PREFERRED
                && !target.replicas().isEmpty()
                && isClean.test(target.replicas().get(0)))
            return new Elected(target.replicas().get(0), false);
        if (isr.contains(partition.leader()) && canLead.test(partition.leader()))
            return new Elected(partition.leader(), false);
        for (int replica : target.replicas())
            if (isr.contains(replica) && canLead.test(replica)) return new Elected(replica, false);
        for (int replica : target.replicas())
            if (elr.contains(replica) && canLead.test(replica)) return new Elected(replica, false);
        if (rules.isElrEnabled() && !partition.hasLeader() && isr.isEmpty() && elr.isEmpty()) {
            // Those behind the first wait until that one is known to have nothing left.
            List<Integer> lastKnown = lastKnown();
            if (!lastKnown.isEmpty() && canLead.test(lastKnown.get(0))) return new Elected(lastKnown.get(0), true);
        }
        if (mode == Mode.UNCLEAN)
            for (int replica : target.replicas()) if (canLead.test(replica)) return new Elected(replica, true);
        return new Elected(PartitionImage.NO_LEADER, false);
    }

    private List<Integer> newIsr(Elected elected) {
        List<Integer> isr = target.isr();
        if (elected.leader() != PartitionImage.NO_LEADER && !isr.contains(elected.leader()))
            return List.of(elected.leader()); // from the ELR, or unclean: alone until others have caught up with it
        if (isr.isEmpty() && !rules.isElrEnabled()) return partition.isr();
        return isr;
    }

    /** A replica that is taken away must not be believed any more; before metadata version 3.6 that held for one that left the ISR, too. */
    private boolean needsNewEpoch(List<Integer> newIsr) {
        if (!target.replicas().containsAll(partition.replicas())) return true;
        return rules.metadataVersion().bumpsLeaderEpochOnIsrShrink() && !newIsr.containsAll(partition.isr());
    }

    /** Remembered while nobody leads; nothing otherwise. */
    private List<Integer> lastKnown(Elected elected) {
        if (!rules.isElrEnabled()) return partition.lastKnownElr();
        return elected.leader() == PartitionImage.NO_LEADER ? lastKnown() : List.of();
    }

    /**
     * Who led last when the partition fell silent, and after it whoever was eligible then and stopped uncleanly since: should nobody eligible come back,
     * the first of them is the best choice, and the next one if the first comes back without its log.
     */
    private List<Integer> lastKnown() {
        List<Integer> known =
                new ArrayList<>(partition.hasLeader() ? List.of(partition.leader()) : partition.lastKnownElr());
        for (int broker : partition.elr())
            if (doubts.stoppedUncleanly().contains(broker) && !known.contains(broker)) known.add(broker);
        known.removeAll(doubts.begunAnew());
        return List.copyOf(known);
    }

    /** The brokers less some others, in the same order. */
    static List<Integer> without(List<Integer> brokers, List<Integer> others) {
        List<Integer> left = new ArrayList<>(brokers);
        left.removeAll(others);
        return List.copyOf(left);
    }
}
