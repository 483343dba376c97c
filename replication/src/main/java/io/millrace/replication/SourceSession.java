package io.millrace.replication;

import io.millrace.protocol.ErrorCode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What a follower has told one source broker in its fetch session (KIP-227), so that a fetch names only the partitions of which there is something
 * new to say. A source that gives no session is told everything each time.
 *
 * <p>Of one request after the other: {@link #begin}, {@link #say} and {@link #drop} in any order, {@link #takeForgotten}; then {@link #answered}
 * or {@link #lost}.
 */
final class SourceSession {
    private static final int BEGINS_ANEW = 0;

    /** What an answer means for the session. */
    enum Verdict {
        /** What it says of partitions counts. */
        TAKEN,
        /** It says nothing of partitions; the source has lost the session, and everything is to be said again, at once. */
        SAY_ALL,
        /** It says nothing of partitions, nor what to do: it is asked again after a while. */
        REFUSED
    }

    private final Map<PartitionId, FollowerRequest.Fetch> told = new LinkedHashMap<>();
    private final Set<PartitionId> forgotten = new LinkedHashSet<>();
    private int id;
    private int epoch = BEGINS_ANEW;
    private boolean isToRenew;
    private boolean isRefused;

    /** The session that the next request names; 0 for none. If it begins anew, the source gives this one up. */
    int id() {
        return id;
    }

    /** The session's epoch that the next request names; 0 if it begins anew. */
    int epoch() {
        return epoch;
    }

    /** Whether the source last gave no session when one was wanted, so that each request has to name all it wants. */
    boolean isRefused() {
        return isRefused;
    }

    /** Whether the source knows, or after this request will know, of any partition. */
    boolean isEmpty() {
        return told.isEmpty();
    }

    /** Whether the source was told what is wanted of the partition, and not that it is wanted no longer. */
    boolean holds(PartitionId partition) {
        return told.containsKey(partition);
    }

    /** Whether exactly this was the last that was said of it. */
    boolean saidLast(PartitionId partition, FollowerRequest.Fetch fetch) {
        return fetch.equals(told.get(partition));
    }

    /**
     * Begins a request.
     *
     * @return what the source has to be told again, as the request begins anew
     */
    List<PartitionId> begin() {
        if (told.isEmpty()) isToRenew = true;
        if (!isToRenew) return List.of();
        isToRenew = false;
        List<PartitionId> again = List.copyOf(told.keySet());
        told.clear();
        forgotten.clear();
        epoch = BEGINS_ANEW;
        return again;
    }

    /** The request says this of the partition, if it was not the last that was said of it anyway. */
    boolean say(PartitionId partition, FollowerRequest.Fetch fetch) {
        return !fetch.equals(told.put(partition, fetch));
    }

    /** The partition is not wanted any longer. */
    void drop(PartitionId partition) {
        if (told.remove(partition) != null) forgotten.add(partition);
    }

    /** Whether the next request says that the partition is not wanted any longer. */
    boolean isForgetting(PartitionId partition) {
        return forgotten.contains(partition);
    }

    /** What the request says that is not wanted any longer. */
    List<PartitionId> takeForgotten() {
        if (forgotten.isEmpty()) return List.of();
        List<PartitionId> all = new ArrayList<>(forgotten);
        forgotten.clear();
        return all;
    }

    /** The next request begins anew, since the source believes that the follower knows something it does not know. */
    void renew() {
        isToRenew = true;
    }

    /** There will be no answer, or nothing is known of the source any more. */
    void lost() {
        id = 0;
        isToRenew = true;
    }

    /** An answer came. */
    Verdict answered(ErrorCode error, int answeredId) {
        boolean isFirst = epoch == BEGINS_ANEW;
        switch (error) {
            case NONE -> {}
            case FETCH_SESSION_ID_NOT_FOUND -> {
                lost();
                return isFirst ? Verdict.REFUSED : Verdict.SAY_ALL;
            }
            case INVALID_FETCH_SESSION_EPOCH, FETCH_SESSION_TOPIC_ID_ERROR, INCONSISTENT_TOPIC_ID -> {
                renew();
                return isFirst ? Verdict.REFUSED : Verdict.SAY_ALL;
            }
            default -> {
                renew();
                return Verdict.REFUSED;
            }
        }
        boolean isSound = answeredId == 0 || (isFirst ? answeredId > 0 : answeredId == id);
        if (!isSound) {
            renew();
            return isFirst ? Verdict.REFUSED : Verdict.SAY_ALL;
        }
        if (isFirst) isRefused = answeredId == 0;
        if (answeredId == 0) lost();
        else {
            id = answeredId;
            epoch = epoch == Integer.MAX_VALUE ? 1 : epoch + 1;
        }
        return Verdict.TAKEN;
    }
}
