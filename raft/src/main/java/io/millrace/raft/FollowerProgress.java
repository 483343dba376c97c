package io.millrace.raft;

import io.millrace.records.OffsetAndEpoch;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** How far a replica has come in following one leader. */
public final class FollowerProgress {
    /** A snapshot is read at once; a leader that speaks of more than this, far above what any metadata needs, is not believed. */
    private static final long MOST_SNAPSHOT_BYTES = 1L << 30;

    private final int leaderId;
    private long fetchDeadlineMs;
    private boolean hasFetched;
    private long leaderHighWatermark;
    private boolean isStoring;
    private long wishAtMs;
    private boolean hasToldOfItself;
    private @Nullable Download download;

    /** A snapshot that is being fetched, and the position of the byte that is wanted next. */
    private record Download(OffsetAndEpoch snapshotId, long position, long sizeBytes) {}

    FollowerProgress(int leaderId, long fetchDeadlineMs) {
        this.leaderId = leaderId;
        this.fetchDeadlineMs = fetchDeadlineMs;
        this.wishAtMs = fetchDeadlineMs;
    }

    /** Whether it is time to ask the leader for a change of who votes. */
    boolean mayWish(long nowMs) {
        return hasFetched && !isStoring && download == null && nowMs >= wishAtMs;
    }

    /** A change was asked for; the next time is not before {@code nextMs}. */
    void wished(long nextMs) {
        wishAtMs = nextMs;
    }

    /** Whether the leader has taken note of where this replica is reached. */
    boolean hasToldOfItself() {
        return hasToldOfItself;
    }

    void hasBeenHeard() {
        hasToldOfItself = true;
    }

    /** Whom it follows. */
    public int leaderId() {
        return leaderId;
    }

    /** When it gives the leader up unless that answers a fetch. */
    long fetchDeadlineMs() {
        return fetchDeadlineMs;
    }

    /** Whether the leader has answered a fetch: then it is no time for an election (KIP-996). */
    boolean hasFetched() {
        return hasFetched;
    }

    /** What the leader knows to be committed. Of use only as far as the logs agree, which they do after a fetch. */
    long leaderHighWatermark() {
        return leaderHighWatermark;
    }

    void answered(long newDeadlineMs) {
        hasFetched = true;
        fetchDeadlineMs = newDeadlineMs;
    }

    void agreed(long highWatermark) {
        leaderHighWatermark = Math.max(leaderHighWatermark, highWatermark);
    }

    void renew(long newDeadlineMs) {
        fetchDeadlineMs = newDeadlineMs;
    }

    void beginsDownload(OffsetAndEpoch snapshotId) {
        download = new Download(snapshotId, 0, -1);
    }

    void endsDownload() {
        download = null;
        isStoring = false;
    }

    /** Whether a part is the one that is wanted. */
    boolean wants(PeerAnswer.SnapshotPart part) {
        Download current = download;
        if (current == null || !current.snapshotId().equals(part.snapshotId())) return false;
        if (current.position() != part.position() || part.sizeBytes() > MOST_SNAPSHOT_BYTES) return false;
        if (current.sizeBytes() >= 0 && current.sizeBytes() != part.sizeBytes()) return false;
        int byteCount = part.bytes().remaining();
        return byteCount > 0 && byteCount <= part.sizeBytes() - part.position();
    }

    void takes(PeerAnswer.SnapshotPart part) {
        download = new Download(part.snapshotId(), part.position(), part.sizeBytes());
        isStoring = true;
    }

    /** A part is kept; returns whether that was the last. */
    boolean stored(OffsetAndEpoch snapshotId, long nextPosition) {
        Download current = download;
        if (current == null || !current.snapshotId().equals(snapshotId)) return false;
        isStoring = false;
        download = new Download(snapshotId, nextPosition, current.sizeBytes());
        return nextPosition == current.sizeBytes();
    }

    /**
     * What to ask the leader next: for more of the snapshot, if one is being fetched, else for more of the log.
     *
     * @param fetch nothing while the log is not ready for it
     */
    Optional<PeerRequest> next(int epoch, Optional<PeerRequest.Fetch> fetch) {
        if (isStoring) return Optional.empty();
        Download current = download;
        if (current == null) return fetch.map(PeerRequest.class::cast);
        return Optional.of(new PeerRequest.FetchSnapshot(epoch, current.snapshotId(), current.position()));
    }
}
