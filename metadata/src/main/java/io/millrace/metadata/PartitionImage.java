package io.millrace.metadata;

import io.millrace.protocol.Uuid;
import io.millrace.protocol.messages.PartitionChangeRecord;
import io.millrace.protocol.messages.PartitionRecord;
import java.util.ArrayList;
import java.util.List;

/**
 * One partition.
 *
 * @param replicas            brokers that hold it, preferred leader first
 * @param directories         for each replica, the log directory it is in
 * @param isr                 in-sync replicas; empty only with eligible leader replicas (KIP-966)
 * @param removingReplicas    replicas a reassignment is about to remove (KIP-455)
 * @param addingReplicas      replicas a reassignment is about to add
 * @param elr                 replicas that may lead although they left the ISR
 * @param lastKnownElr        the last leader, or last eligible replicas, of a partition nobody can lead
 * @param leader              broker id, or {@link #NO_LEADER}
 * @param isLeaderRecovering  the leader was elected uncleanly and has not finished recovering (KIP-704)
 * @param leaderEpoch         grows with every change of leader
 * @param partitionEpoch      grows with every change
 */
public record PartitionImage(
        List<Integer> replicas,
        List<Uuid> directories,
        List<Integer> isr,
        List<Integer> removingReplicas,
        List<Integer> addingReplicas,
        List<Integer> elr,
        List<Integer> lastKnownElr,
        int leader,
        boolean isLeaderRecovering,
        int leaderEpoch,
        int partitionEpoch) {
    /** In place of a broker id: nobody leads. */
    public static final int NO_LEADER = -1;

    /** In place of a broker id in a change record: who leads does not change. */
    public static final int NO_LEADER_CHANGE = -2;

    private static final byte NO_RECOVERY_CHANGE = -1;

    public PartitionImage {
        if (replicas.size() != directories.size())
            throw new IllegalArgumentException(replicas.size() + " replicas in " + directories.size() + " directories");
    }

    static PartitionImage of(PartitionRecord record) {
        List<Uuid> directories = record.directories();
        List<Integer> elr = record.eligibleLeaderReplicas();
        List<Integer> lastKnownElr = record.lastKnownElr();
        return new PartitionImage(
                record.replicas(),
                directories.isEmpty() ? DirectoryIds.migrating(record.replicas().size()) : directories,
                record.isr(),
                record.removingReplicas(),
                record.addingReplicas(),
                elr == null ? List.of() : elr,
                lastKnownElr == null ? List.of() : lastKnownElr,
                record.leader(),
                record.leaderRecoveryState() == 1,
                record.leaderEpoch(),
                record.partitionEpoch());
    }

    /** The partition after the change. */
    public PartitionImage changedBy(PartitionChangeRecord change) {
        List<Integer> newReplicas = change.replicas() == null ? replicas : change.replicas();
        boolean leaderChanges = change.leader() != NO_LEADER_CHANGE;
        return new PartitionImage(
                newReplicas,
                change.directories() == null ? directoriesOf(newReplicas) : change.directories(),
                change.isr() == null ? isr : change.isr(),
                change.removingReplicas() == null ? removingReplicas : change.removingReplicas(),
                change.addingReplicas() == null ? addingReplicas : change.addingReplicas(),
                change.eligibleLeaderReplicas() == null ? elr : change.eligibleLeaderReplicas(),
                change.lastKnownElr() == null ? lastKnownElr : change.lastKnownElr(),
                leaderChanges ? change.leader() : leader,
                change.leaderRecoveryState() == NO_RECOVERY_CHANGE
                        ? isLeaderRecovering
                        : change.leaderRecoveryState() == 1,
                leaderChanges ? leaderEpoch + 1 : leaderEpoch,
                partitionEpoch + 1);
    }

    /** A replica that stays keeps its directory; records older than directory ids do not say where a new one goes. */
    private List<Uuid> directoriesOf(List<Integer> newReplicas) {
        if (newReplicas.equals(replicas)) return directories;
        List<Uuid> kept = new ArrayList<>(newReplicas.size());
        for (int broker : newReplicas) {
            int at = replicas.indexOf(broker);
            kept.add(at < 0 ? DirectoryIds.MIGRATING : directories.get(at));
        }
        return List.copyOf(kept);
    }

    /** Nobody is eligible any more; a change, and so a new partition epoch, only if somebody was. */
    PartitionImage withoutElr() {
        if (elr.isEmpty() && lastKnownElr.isEmpty()) return this;
        return new PartitionImage(
                replicas,
                directories,
                isr,
                removingReplicas,
                addingReplicas,
                List.of(),
                List.of(),
                leader,
                isLeaderRecovering,
                leaderEpoch,
                partitionEpoch + 1);
    }

    /** Whether somebody leads. */
    public boolean hasLeader() {
        return leader != NO_LEADER;
    }

    /** The replica that leads when all is well: the first; -1 if there are no replicas. */
    public int preferredLeader() {
        return replicas.isEmpty() ? NO_LEADER : replicas.get(0);
    }

    /** The directory of a broker's replica; {@link DirectoryIds#UNASSIGNED} if the broker has none. */
    public Uuid directoryOf(int brokerId) {
        int at = replicas.indexOf(brokerId);
        return at < 0 ? DirectoryIds.UNASSIGNED : directories.get(at);
    }

    /** The record from which this partition can be made again, in the version that goes with {@code metadataVersion}. */
    public VersionedRecord toRecord(Uuid topicId, int partitionId, MetadataVersion metadataVersion) {
        PartitionRecord.Builder builder = PartitionRecord.builder()
                .partitionId(partitionId)
                .topicId(topicId)
                .replicas(replicas)
                .isr(isr)
                .removingReplicas(removingReplicas)
                .addingReplicas(addingReplicas)
                .leader(leader)
                .leaderRecoveryState((byte) (isLeaderRecovering ? 1 : 0))
                .leaderEpoch(leaderEpoch)
                .partitionEpoch(partitionEpoch);
        if (metadataVersion.hasDirectories()) builder.directories(directories);
        if (metadataVersion.hasElr()) {
            if (!elr.isEmpty()) builder.eligibleLeaderReplicas(elr);
            if (!lastKnownElr.isEmpty()) builder.lastKnownElr(lastKnownElr);
        }
        return new VersionedRecord(builder.build(), metadataVersion.partitionRecordVersion());
    }
}
