package io.millrace.coordinators.group.offsets;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Offsets that were committed within transactions which have not ended (KIP-98, KIP-447): they count from the moment their
 * transaction commits, and until then their partitions are unstable.
 */
public final class OpenTransactions {
    /**
     * One change of one offset.
     *
     * @param committed null where it is taken away
     */
    public record Change(
            String groupId,
            String topic,
            int partition,
            @Nullable CommittedOffset committed) {}

    private record Place(String groupId, String topic, int partition) {}

    private final Map<Long, List<Change>> byProducer = new LinkedHashMap<>();
    private final Map<Place, Integer> openCounts = new HashMap<>();
    private final Map<String, Integer> openCountsByGroup = new HashMap<>();

    /** A change within an open transaction. */
    public void add(long producerId, Change change) {
        byProducer.computeIfAbsent(producerId, id -> new ArrayList<>()).add(change);
        openCounts.merge(placeOf(change), 1, Integer::sum);
        openCountsByGroup.merge(change.groupId(), 1, Integer::sum);
    }

    /** A transaction has ended: gives its changes, in their order, and forgets them. */
    public List<Change> end(long producerId) {
        List<Change> changes = byProducer.remove(producerId);
        if (changes == null) return List.of();
        for (Change change : changes) {
            openCounts.computeIfPresent(placeOf(change), (place, open) -> open == 1 ? null : open - 1);
            openCountsByGroup.computeIfPresent(change.groupId(), (group, open) -> open == 1 ? null : open - 1);
        }
        return changes;
    }

    /** An offset is taken away for good: open transactions do not bring it back. */
    public void forget(String groupId, String topic, int partition) {
        if (!touch(groupId, topic, partition)) return;
        Place gone = new Place(groupId, topic, partition);
        Integer open = openCounts.remove(gone);
        if (open == null) return;
        for (List<Change> changes : byProducer.values())
            changes.removeIf(change -> placeOf(change).equals(gone));
        openCountsByGroup.computeIfPresent(groupId, (group, count) -> count.equals(open) ? null : count - open);
    }

    /** Whether an open transaction may change this offset. */
    public boolean touch(String groupId, String topic, int partition) {
        return !openCounts.isEmpty() && openCounts.containsKey(new Place(groupId, topic, partition));
    }

    /** Whether an open transaction may change any of a group's offsets. */
    public boolean touch(String groupId) {
        return openCountsByGroup.containsKey(groupId);
    }

    private static Place placeOf(Change change) {
        return new Place(change.groupId(), change.topic(), change.partition());
    }
}
