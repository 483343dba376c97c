package io.millrace.client.assignor;

import io.millrace.records.TopicPartition;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Which member is near which partition, as far as racks tell members and replicas apart at all (KIP-881). */
final class RackPreference {
    private final TopicLayouts topics;
    private final boolean matter;
    private final Map<String, String> rackOfMember = new HashMap<>();
    private final Map<String, Integer> membersInRack = new HashMap<>();

    RackPreference(TopicLayouts topics, List<GroupMember> members) {
        this.topics = topics;
        for (GroupMember member : members) {
            String rack = member.rack();
            if (rack == null) continue;
            rackOfMember.put(member.memberId(), rack);
            membersInRack.merge(rack, 1, Integer::sum);
        }
        Set<String> replicaRacks = new HashSet<>();
        for (String topic : topics.racks().keySet()) replicaRacks.addAll(topics.racksOf(topic));
        boolean apart =
                topics.racks().values().stream().flatMap(List::stream).anyMatch(racks -> !racks.equals(replicaRacks));
        matter = apart && membersInRack.keySet().stream().anyMatch(replicaRacks::contains);
    }

    /** Whether racks are looked at: some member is where a replica is, and not every partition is everywhere. */
    boolean matter() {
        return matter;
    }

    /** Whether the member has no rack, or is in one that holds the partition; always if racks do not matter. */
    boolean mayHave(String memberId, TopicPartition partition) {
        if (!matter) return true;
        String rack = rackOfMember.get(memberId);
        return rack == null
                || topics.racksOf(partition.topic(), partition.partition()).contains(rack);
    }

    /** Whether the member says where it is, and the partition has a replica there. */
    boolean isInRackOf(String memberId, TopicPartition partition) {
        String rack = rackOfMember.get(memberId);
        return rack != null
                && topics.racksOf(partition.topic(), partition.partition()).contains(rack);
    }

    /** Brings partitions with few members in their racks to the front; others keep their order. */
    void sortScarceFirst(List<TopicPartition> partitions) {
        if (matter) partitions.sort(Comparator.comparingInt(this::membersNear));
    }

    private int membersNear(TopicPartition partition) {
        int count = 0;
        for (String rack : topics.racksOf(partition.topic(), partition.partition()))
            count += membersInRack.getOrDefault(rack, 0);
        return count;
    }

    /** The place of the next member, from {@code first} on and round, that is in a rack of the partition; -1 if there is none. */
    int nextInRack(TopicPartition partition, List<String> memberIds, int first) {
        for (int step = 0; step < memberIds.size(); step++) {
            int at = (first + step) % memberIds.size();
            if (isInRackOf(memberIds.get(at), partition)) return at;
        }
        return -1;
    }
}
