package io.millrace.replication;

import io.millrace.protocol.ErrorCode;
import io.millrace.records.OffsetAndEpoch;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Follows the leader of one partition during one leader epoch: brings the own log to agree with the leader's, and then keeps up with it.
 *
 * <p>Logs are compared by leader epochs, never by the high watermark, which may be far behind what is committed (KIP-101): each fetch says the
 * epoch of the last record, and where the leader knows better the log is cut and the next fetch says where it ends then (KIP-595). A leader can
 * be asked for the end of the last epoch before the first fetch, too, as before that KIP (OffsetForLeaderEpoch, KIP-279).
 *
 * <p>There is one request at a time. An answer to any other than the last one changes nothing.
 */
public final class PartitionFollower {
    /** What it is about. */
    public enum State {
        /** The leader is asked where epochs end. */
        TRUNCATING,
        /** Records are fetched. */
        FETCHING,
        /** The log ends outside of the leader's; where that starts and ends has to be asked. */
        OUT_OF_RANGE,
        /** The leadership is over; the metadata will say who leads now. */
        FENCED,
        /** The own log cannot be written. */
        FAILED
    }

    /**
     * A leader may hear of its leadership a moment later than its followers. Producers wait for them then, so that they ask again soon, and twice
     * as late each time.
     */
    static final long FIRST_WAIT_FOR_LEADER_MS = 20;

    private static final int MOST_DOUBLINGS = 20;

    private final int leaderEpoch;
    private final ReplicaLog log;
    private final long backoffMs;
    private State state;
    private @Nullable FollowerRequest open;
    private long waitUntilMs = Long.MIN_VALUE;
    private int waitsForLeader;
    private long highWatermark;
    private long highWatermarkBefore;

    /**
     * Begins to follow.
     *
     * @param leaderEpoch    of the leadership to follow
     * @param log            the own
     * @param highWatermark  everything below is known to be committed
     * @param asksEpochFirst whether to ask for the end of the last epoch before the first fetch
     * @param backoffMs      how long to wait after an error ({@code replica.fetch.backoff.ms})
     */
    public PartitionFollower(
            int leaderEpoch, ReplicaLog log, long highWatermark, boolean asksEpochFirst, long backoffMs) {
        this.leaderEpoch = leaderEpoch;
        this.log = log;
        this.highWatermark = highWatermark;
        this.backoffMs = backoffMs;
        this.state = asksEpochFirst && log.latestEpoch() >= 0 ? State.TRUNCATING : State.FETCHING;
    }

    /** Of the leadership that is followed. */
    public int leaderEpoch() {
        return leaderEpoch;
    }

    /** What it is about. */
    public State state() {
        return state;
    }

    /** Everything below it is committed, and in the log. */
    public long highWatermark() {
        return Math.min(highWatermark, log.logEndOffset());
    }

    /**
     * What has to be done before the first request. Records from before leader epochs were kept cannot be compared: what is not known to be
     * committed goes, as in Kafka.
     */
    public List<FollowerAction> begin() {
        boolean isEmpty = log.logStartOffset() == log.logEndOffset();
        return log.latestEpoch() >= 0 || isEmpty ? List.of() : List.of(truncateTo(highWatermark()));
    }

    /**
     * What to ask the leader now.
     *
     * @return empty while a request is open, an error is waited out, or nothing more can be asked in this leadership
     */
    public Optional<FollowerRequest> next(long nowMs) {
        if (open != null || nowMs < waitUntilMs) return Optional.empty();
        if (state == State.TRUNCATING && log.latestEpoch() < 0) state = State.FETCHING; // all of it was cut
        open = switch (state) {
            case TRUNCATING -> new FollowerRequest.EndOfEpoch(leaderEpoch, log.latestEpoch());
            case FETCHING ->
                new FollowerRequest.Fetch(leaderEpoch, log.logEndOffset(), log.latestEpoch(), log.logStartOffset());
            case OUT_OF_RANGE -> new FollowerRequest.LogRange(leaderEpoch);
            case FENCED, FAILED -> null;
        };
        return Optional.ofNullable(open);
    }

    /** When an error has been waited out; in the past if there is nothing to wait for. */
    public long waitUntilMs() {
        return waitUntilMs;
    }

    /**
     * The leader's answer, or none.
     *
     * @param request what it answers, as {@link #next} gave it
     * @return to be carried out before the next request is asked for
     * @throws IllegalArgumentException if the answer is not one to such a request
     */
    @SuppressWarnings(
            "ReferenceEquality") // of two equal requests the second may be open, and the first be answered late
    public List<FollowerAction> answered(FollowerRequest request, FollowerAnswer answer, long nowMs) {
        if (request != open) return List.of();
        open = null;
        return switch (answer) {
            case FollowerAnswer.Refused(ErrorCode error) -> refused(request, error, nowMs);
            case FollowerAnswer.Unanswered() -> waits(nowMs);
            default ->
                switch (request) {
                    case FollowerRequest.EndOfEpoch(int ignored, int epoch) -> epochEnds(epoch, answer, nowMs);
                    case FollowerRequest.Fetch fetch -> fetched(fetch, answer, nowMs);
                    case FollowerRequest.LogRange ignored -> inRange(answer, nowMs);
                };
        };
    }

    /** The records of an answer could not be used: damaged, or not what follows. Neither they nor what came after them in the list was carried out; they are fetched again after a while. */
    public void recordsUnusable(long nowMs) {
        highWatermark = highWatermarkBefore;
        waits(nowMs);
    }

    /** The own log cannot be written any more. */
    public void failed() {
        state = State.FAILED;
        open = null;
    }

    private List<FollowerAction> waits(long nowMs) {
        waitUntilMs = nowMs + backoffMs;
        return List.of();
    }

    private List<FollowerAction> refused(FollowerRequest request, ErrorCode error, long nowMs) {
        switch (error) {
            case FENCED_LEADER_EPOCH -> state = State.FENCED;
            case OFFSET_OUT_OF_RANGE -> {
                if (request instanceof FollowerRequest.Fetch) state = State.OUT_OF_RANGE;
                else waits(nowMs);
            }
            case NOT_LEADER_OR_FOLLOWER, UNKNOWN_LEADER_EPOCH, UNKNOWN_TOPIC_ID, UNKNOWN_TOPIC_OR_PARTITION ->
                waitUntilMs = nowMs + Math.min(backoffMs, FIRST_WAIT_FOR_LEADER_MS << waitsForLeader++);
            default -> waits(nowMs);
        }
        waitsForLeader = Math.min(waitsForLeader, MOST_DOUBLINGS);
        return List.of();
    }

    // Agreeing with the leader

    private List<FollowerAction> epochEnds(int askedEpoch, FollowerAnswer answer, long nowMs) {
        return switch (answer) {
            case FollowerAnswer.EpochUnknown() -> {
                state = State.FETCHING;
                yield List.of(truncateTo(highWatermark()));
            }
            case FollowerAnswer.EpochEnd(OffsetAndEpoch end) -> {
                if (end.leaderEpoch() > askedEpoch) yield waits(nowMs);
                Truncation cut = Truncation.of(end, log);
                if (cut.isAgreed()) state = State.FETCHING;
                boolean hasAll = end.leaderEpoch() == askedEpoch && cut.offset() == log.logEndOffset();
                yield hasAll ? List.of() : List.of(truncateTo(cut.offset()));
            }
            default -> throw misplaced(answer);
        };
    }

    private List<FollowerAction> diverges(FollowerRequest.Fetch fetch, OffsetAndEpoch end, long nowMs) {
        // Only so does a cut bring the log nearer to the leader's; anything else would be asked for ever.
        boolean isLess = end.leaderEpoch() < fetch.lastFetchedEpoch()
                || (end.leaderEpoch() == fetch.lastFetchedEpoch() && end.offset() < fetch.fetchOffset());
        return isLess ? List.of(truncateTo(Truncation.of(end, log).offset())) : waits(nowMs);
    }

    private FollowerAction truncateTo(long offset) {
        boolean isBelowHighWatermark = offset < highWatermark();
        highWatermark = Math.min(highWatermark, offset);
        return new FollowerAction.TruncateTo(offset, isBelowHighWatermark);
    }

    private FollowerAction startAnewAt(long offset) {
        highWatermark = offset;
        return new FollowerAction.StartAnewAt(offset);
    }

    // Keeping up

    private List<FollowerAction> fetched(FollowerRequest.Fetch fetch, FollowerAnswer answer, long nowMs) {
        return switch (answer) {
            case FollowerAnswer.Diverges(OffsetAndEpoch end) -> diverges(fetch, end, nowMs);
            case FollowerAnswer.Records records -> takes(records, nowMs);
            default -> throw misplaced(answer);
        };
    }

    private List<FollowerAction> takes(FollowerAnswer.Records records, long nowMs) {
        long end = log.logEndOffset();
        long start = log.logStartOffset();
        List<FollowerAction> actions = new ArrayList<>();
        waitsForLeader = 0;
        boolean isSane = 0 <= records.firstOffset() && records.firstOffset() <= records.nextOffset();
        if (!isSane || records.nextOffset() < end) return waits(nowMs);
        if (records.firstOffset() < end) {
            // A leader whose log starts within a batch sends all of the batch (KAFKA-6975); else it is no answer to
            // what was asked.
            boolean hasNothingToKeep = start == end || end <= records.logStartOffset();
            if (!hasNothingToKeep || records.nextOffset() == end) return waits(nowMs);
            start = records.firstOffset();
            actions.add(startAnewAt(start));
        } else if (start < end && end <= records.logStartOffset()) {
            // The leader has nothing to compare this log with, so that its fetch agreed whatever is in it (ADR 58).
            start = end;
            actions.add(startAnewAt(start));
        }
        highWatermarkBefore = highWatermark;
        if (records.nextOffset() > end) actions.add(new FollowerAction.AppendRecords());
        // The fetch was answered, so that the logs agree up to there; before, the leader's high watermark says nothing
        // of this log (KAFKA-14704).
        long committed = Math.min(records.highWatermark(), records.nextOffset());
        if (committed > highWatermark) {
            highWatermark = committed;
            actions.add(new FollowerAction.AdvanceHighWatermark(committed));
        }
        long newStart = Math.min(records.logStartOffset(), highWatermark);
        if (newStart > start) actions.add(new FollowerAction.AdvanceLogStart(newStart));
        return actions;
    }

    private List<FollowerAction> inRange(FollowerAnswer answer, long nowMs) {
        if (!(answer instanceof FollowerAnswer.Range(long leadersStart, long leadersEnd))) throw misplaced(answer);
        if (leadersStart < 0 || leadersEnd < leadersStart) return waits(nowMs);
        state = State.FETCHING;
        if (leadersEnd < log.logEndOffset()) return List.of(truncateTo(leadersEnd));
        if (leadersStart > log.logEndOffset()) return List.of(startAnewAt(leadersStart));
        return waits(nowMs);
    }

    private IllegalArgumentException misplaced(FollowerAnswer answer) {
        return new IllegalArgumentException(answer + " came in state " + state);
    }
}
