package io.millrace.simulator.scenario;

import io.millrace.metadata.BrokerImage;
import io.millrace.metadata.ConfigResource;
import io.millrace.metadata.MetadataImage;
import io.millrace.metadata.PartitionImage;
import io.millrace.metadata.VersionedRecord;
import io.millrace.protocol.MetadataRecordFrame;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * What the nodes of one cluster have read of its metadata, and what must hold: no epoch of the quorum is led twice (M1), whatever
 * was committed at an offset is what everybody reads there, in every life (M3, M4, M6, M9), and each image makes sense: whoever leads
 * is awake and in sync, epochs of partitions only grow, no leader epoch has two leaders (R7, R13), nobody is elected who may lack what
 * others have (R15), and nobody is awake who has not read of its own registration (M11).
 */
final class MetadataHistory {
    private static final long FNV_OFFSET = 0xcbf29ce484222325L;
    private static final long FNV_PRIME = 0x100000001b3L;

    private record Seen(int epoch, long digest, int node) {}

    private record Partition(String topicId, int index) implements Comparable<Partition> {
        @Override
        public int compareTo(Partition other) {
            int byTopic = topicId.compareTo(other.topicId);
            return byTopic != 0 ? byTopic : Integer.compare(index, other.index);
        }
    }

    private final TreeMap<Long, Seen> seen = new TreeMap<>();
    private final Map<Integer, Long> readBy = new TreeMap<>();
    private final Map<Integer, Long> everReadBy = new TreeMap<>();
    private final TreeMap<Integer, Integer> leaderByEpoch = new TreeMap<>();
    private final Set<Integer> leading = new TreeSet<>();
    private final Map<Partition, PartitionImage> partitions = new TreeMap<>();
    private final Map<String, Integer> uncleanElections = new TreeMap<>();
    private MetadataImage newest = MetadataImage.EMPTY;
    private Replica joining = (topic, index, broker) -> {};
    private Replica leaving = (topic, index, broker) -> {};

    /** Who is told of a replica. */
    interface Replica {
        /** It is on that broker. */
        void on(String topic, int index, int broker);
    }

    /** Has somebody told of replicas that become in-sync, as soon as anybody has read of it. */
    void whenJoined(Replica listener) {
        joining = listener;
    }

    /** Has somebody told of replicas that are none any more, as soon as anybody has read of it. */
    void whenLeft(Replica listener) {
        leaving = listener;
    }

    /** A node begins a life, and reads all there is from its disk. */
    void startsAnew(int node) {
        readBy.remove(node);
        leading.remove(node);
    }

    /** A node leads the quorum. */
    void leads(int node, int epoch) {
        Integer before = leaderByEpoch.putIfAbsent(epoch, node);
        if (before != null && before != node)
            throw broken("M1: epoch " + epoch + " of the quorum is led by node " + before + " and by node " + node);
        leading.add(node);
    }

    /** A node leads the quorum no more. */
    void resigns(int node) {
        leading.remove(node);
    }

    /** A node that runs has not heard of a majority for so long that it must not take itself for the leader. */
    void hasNoMajority(int node) {
        if (leading.contains(node))
            throw broken("M5: node " + node + " has reached no majority for long, and leads still");
    }

    /** A node has read on. */
    void read(int node, MetadataImage image) {
        long offset = image.provenance().lastOffset();
        Long before = readBy.put(node, offset);
        if (before != null && before > offset)
            throw broken("M4: node " + node + " has read to " + before + " and now reads " + offset);
        everReadBy.merge(node, offset, Math::max);
        Seen now = new Seen(image.provenance().lastEpoch(), digest(image), node);
        Seen known = seen.putIfAbsent(offset, now);
        if (known != null && (known.epoch() != now.epoch() || known.digest() != now.digest()))
            throw broken("M4: after offset " + offset + " node " + node + " knows other things (epoch " + now.epoch()
                    + ") than node " + known.node() + " does (epoch " + known.epoch() + ")");
        if (offset <= newest.provenance().lastOffset()) return;
        if (image.provenance().lastEpoch() < newest.provenance().lastEpoch())
            throw broken("M2: epoch " + image.provenance().lastEpoch() + " at offset " + offset + " follows epoch "
                    + newest.provenance().lastEpoch());
        checkBrokers(newest, image);
        newest = image;
        if (image.topics().topic(Operators.TOO_LARGE) != null)
            throw broken("M10: at offset " + offset + " is a change that is larger than a batch may be");
        checkPartitions(image);
    }

    private void checkBrokers(MetadataImage before, MetadataImage now) {
        for (BrokerImage broker : now.cluster().brokersInOrder()) {
            BrokerImage known = before.cluster().broker(broker.id());
            boolean wakes =
                    !broker.isFenced() && (known == null || known.isFenced() || known.epoch() != broker.epoch());
            // Also by a process that has ended, or on a disk that is no more: its last heartbeat may be on its way
            // still.
            long has = everReadBy.getOrDefault(broker.id(), -1L);
            if (wakes && has < broker.epoch())
                throw broken("M11: broker " + broker.id() + " is awake, and has read to " + has
                        + " of the metadata, not yet of its registration at " + broker.epoch());
        }
    }

    private static long digest(MetadataImage image) {
        long digest = FNV_OFFSET;
        for (VersionedRecord record : image.records())
            digest = (digest
                            ^ MetadataRecordFrame.write(record.message(), record.version())
                                    .hashCode())
                    * FNV_PRIME;
        return digest;
    }

    private void checkPartitions(MetadataImage image) {
        image.topics()
                .inOrder()
                .forEach(topic -> topic.forEachPartition((index, now) -> {
                    String name = topic.name() + "-" + index;
                    Partition key = new Partition(topic.id().toString(), index);
                    PartitionImage before = partitions.put(key, now);
                    if (now.equals(before)) {
                        checkLeader(name, now, image);
                        return;
                    }
                    if (!now.replicas().containsAll(now.isr()))
                        throw broken("R7: " + name + " has a replica in sync that is none: " + now);
                    checkLeader(name, now, image);
                    if (before == null) return;
                    if (now.leaderEpoch() < before.leaderEpoch() || now.partitionEpoch() <= before.partitionEpoch())
                        throw broken("R13: epochs of " + name + " do not grow: after " + before + " comes " + now);
                    if (now.leaderEpoch() == before.leaderEpoch() && now.leader() != before.leader())
                        throw broken("R13: leader epoch " + now.leaderEpoch() + " of " + name + " has the leaders "
                                + before.leader() + " and " + now.leader());
                    for (int each : now.isr()) {
                        if (before.isr().contains(each)) continue;
                        if (!image.cluster().isActive(each))
                            throw broken("R7: " + each + " is taken into the in-sync set of " + name
                                    + " though it is not awake");
                        joining.on(topic.name(), index, each);
                    }
                    for (int each : before.replicas())
                        if (!now.replicas().contains(each)) leaving.on(topic.name(), index, each);
                    checkElection(topic.name(), name, before, now, image);
                }));
    }

    /**
     * Where elections of whoever is there are not allowed, a leader was in sync before or eligible (KIP-966); where all that were had
     * stopped uncleanly it is one of them. Where they are, nobody is awake who was. Both is written down (KIP-704).
     */
    private void checkElection(
            String topic, String name, PartitionImage before, PartitionImage now, MetadataImage image) {
        int leader = now.leader();
        if (!now.hasLeader() || leader == before.leader()) return;
        if (before.isr().contains(leader) || before.elr().contains(leader)) return;
        // Becoming in-sync, and the end of the reassignment that waited for that, are one change.
        if (before.addingReplicas().contains(leader) && now.addingReplicas().isEmpty()) return;
        uncleanElections.merge(topic, 1, Integer::sum);
        boolean isAllowed =
                "true".equals(image.configs().of(ConfigResource.topic(topic)).get("unclean.leader.election.enable"));
        if (isAllowed) requireNobodyBetter(name, before, now, image);
        else if (!before.lastKnownElr().contains(leader))
            throw broken("R15: " + leader + " is elected for " + name + " and may lack what the others have: after "
                    + before + " comes " + now);
        if (!now.isLeaderRecovering())
            throw broken("R15: " + leader + " is elected uncleanly for " + name + ", and nobody notes that: after "
                    + before + " comes " + now);
    }

    private static void requireNobodyBetter(
            String name, PartitionImage before, PartitionImage now, MetadataImage image) {
        for (int each : now.replicas())
            if (image.cluster().isActive(each)
                    && (before.isr().contains(each) || before.elr().contains(each)))
                throw broken("R15: " + now.leader() + " is elected uncleanly for " + name + " though " + each
                        + " is awake: after " + before + " comes " + now);
    }

    /** How often somebody was elected for a partition of a topic who may lack records. */
    int uncleanElectionCount(String topic) {
        return uncleanElections.getOrDefault(topic, 0);
    }

    private static void checkLeader(String name, PartitionImage partition, MetadataImage image) {
        if (!partition.hasLeader()) return;
        BrokerImage leader = image.cluster().broker(partition.leader());
        if (leader == null || leader.isFenced())
            throw broken("M11: " + name + " is led by " + partition.leader() + ", which is not awake");
        if (!partition.isr().contains(partition.leader()))
            throw broken("R8: the leader of " + name + " is not in sync: " + partition);
    }

    /** Whether every partition is led, and all of its replicas are in sync. */
    boolean allInSync() {
        boolean[] isSo = {true};
        newest.topics()
                .inOrder()
                .forEach(topic -> topic.forEachPartition((index, partition) -> isSo[0] &= partition.hasLeader()
                        && partition.isr().size() == partition.replicas().size()));
        return isSo[0];
    }

    /** Whether no replica is to be made or taken away any more. */
    boolean allInPlace() {
        boolean[] isSo = {true};
        newest.topics()
                .inOrder()
                .forEach(topic -> topic.forEachPartition((index, partition) ->
                        isSo[0] &= partition.addingReplicas().isEmpty()
                                && partition.removingReplicas().isEmpty()));
        return isSo[0];
    }

    /** What the node knows that knows most. */
    MetadataImage newest() {
        return newest;
    }

    /** Up to which offset anybody has read, -1 before anything is committed. */
    long newestOffset() {
        return newest.provenance().lastOffset();
    }

    /** Whether a node has read so far in its present life. */
    boolean hasRead(int node, long offset) {
        return readBy.getOrDefault(node, -1L) >= offset;
    }

    /** Whether somebody takes itself for the leader of the quorum. */
    boolean isLed() {
        return !leading.isEmpty();
    }

    /** Which node came to lead the quorum last, -1 if none has. */
    int lastLeader() {
        return leaderByEpoch.isEmpty() ? -1 : leaderByEpoch.lastEntry().getValue();
    }

    /** How many epochs of the quorum had a leader. */
    int leaderCount() {
        return leaderByEpoch.size();
    }

    @Override
    public String toString() {
        return "metadata to " + newestOffset() + ", by node " + readBy + ", leaders by epoch " + leaderByEpoch
                + unwell();
    }

    /** Partitions that are not as they are when all is well. */
    private String unwell() {
        StringBuilder text = new StringBuilder();
        newest.topics()
                .inOrder()
                .forEach(topic -> topic.forEachPartition((index, partition) -> {
                    if (partition.hasLeader()
                            && partition.isr().size() == partition.replicas().size()) return;
                    text.append(text.isEmpty() ? ", not in sync: " : ", ")
                            .append(topic.name())
                            .append('-')
                            .append(index)
                            .append(' ')
                            .append(partition);
                }));
        return text.toString();
    }

    static AssertionError broken(String how) {
        return new AssertionError("metadata: " + how);
    }
}
