package io.millrace.connection;

import java.util.EnumMap;
import java.util.Map;

/**
 * What the conversations of one lane have done since it started. Plain numbers that only the lane touches; others ask it
 * for a {@link #snapshot}.
 */
public final class ConversationCounters {
    private long opened;
    private long closed;
    private long movedIn;
    private long movedOut;
    private long requests;
    private long replies;
    private long bytesIn;
    private long bytesOut;
    private final Map<CloseReason.Kind, Long> closedByKind = new EnumMap<>(CloseReason.Kind.class);

    /** All zero. */
    public ConversationCounters() {}

    /**
     * The numbers at one moment.
     *
     * @param connectionsOpened conversations begun
     * @param connectionsOpen of those, not ended yet
     * @param requests frames taken in as requests by servers
     * @param replies replies handed to the socket by servers
     * @param bytesIn bytes read, of either end
     * @param bytesOut bytes written, of either end
     */
    public record Snapshot(
            long connectionsOpened, long connectionsOpen, long requests, long replies, long bytesIn, long bytesOut) {}

    /** The numbers now. */
    public Snapshot snapshot() {
        return new Snapshot(opened, opened + movedIn - movedOut - closed, requests, replies, bytesIn, bytesOut);
    }

    /** How many conversations ended for reasons of this kind. */
    public long closedBecause(CloseReason.Kind kind) {
        return closedByKind.getOrDefault(kind, 0L);
    }

    /** A conversation began. */
    public void opened() {
        opened++;
    }

    /** A conversation ended. */
    public void closed(CloseReason.Kind kind) {
        closed++;
        closedByKind.merge(kind, 1L, Long::sum);
    }

    /** A conversation came from another lane; it has been counted as opened there. */
    public void movedIn() {
        movedIn++;
    }

    /** A conversation went to another lane. */
    public void movedOut() {
        movedOut++;
    }

    /** How many conversations have come from other lanes. */
    public long conversationsMovedIn() {
        return movedIn;
    }

    /** A server took a request in. */
    public void request() {
        requests++;
    }

    /** A server handed a reply to its writer. */
    public void reply() {
        replies++;
    }

    /** So many bytes were read. */
    public void read(long byteCount) {
        bytesIn += byteCount;
    }

    /** So many bytes were written. */
    public void wrote(long byteCount) {
        bytesOut += byteCount;
    }
}
