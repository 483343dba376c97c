package io.millrace.client.fetching;

import io.millrace.client.cluster.PartitionLeader;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.Uuid;
import java.util.List;

/**
 * Where reading stands in one partition, and how it goes on: a position is stated or looked up, checked against the log of
 * each new leader (KIP-320), and moved by what was fetched. Answers to what was asked before the application last moved it
 * carry an older generation, and change nothing.
 */
public final class PartitionFetch {
    private static final int NOBODY = -1;

    private enum State {
        UNPOSITIONED,
        LOOKING_UP,
        READING,
        FAILED
    }

    private final String name;
    private final FetchRules rules;
    private State state = State.UNPOSITIONED;
    private FetchPosition position = FetchPosition.at(0);
    private Uuid topicId = Uuid.ZERO;
    private long lookUpTimestamp;
    private boolean isResetting;
    /** The epoch of the leader whose log the position is known to be in. */
    private int checkedLeaderEpoch = PartitionLeader.NO_EPOCH;
    /** A look-up or a check is under way; what it was asked under. */
    private boolean isAsking;

    private int askedLeaderEpoch;
    private int askedPositionEpoch = FetchPosition.NO_EPOCH;
    private long generation;
    private int preferredReplica = NOBODY;
    private long preferredUntilMs;
    private int failures;
    private long againFromMs = Long.MIN_VALUE;

    /** It rests until it is told where to begin. */
    public PartitionFetch(String name, FetchRules rules) {
        this.name = name;
        this.rules = rules;
    }

    /** Counts how often the application has moved it. */
    public long generation() {
        return generation;
    }

    /** The next offset to fetch; of no meaning before there is one. */
    public FetchPosition position() {
        return position;
    }

    /** The application states where to read on. */
    public void seek(FetchPosition stated, long newGeneration) {
        begin(State.READING, newGeneration);
        position = stated;
        checkedLeaderEpoch = PartitionLeader.NO_EPOCH;
    }

    /**
     * The application states a time to read from.
     *
     * @param timestamp milliseconds since 1970, or {@link OffsetReset#EARLIEST} or {@link OffsetReset#LATEST}
     */
    public void lookUp(long timestamp, long newGeneration) {
        begin(State.LOOKING_UP, newGeneration);
        lookUpTimestamp = timestamp;
    }

    /** There is no position: the rules say where to begin. */
    public List<FetchDeed> reset(long newGeneration, long wallMs) {
        begin(State.UNPOSITIONED, newGeneration);
        return reset(ErrorCode.OFFSET_OUT_OF_RANGE, "there is no position", wallMs);
    }

    private void begin(State next, long newGeneration) {
        generation = newGeneration;
        state = next;
        isAsking = false;
        isResetting = false;
        failures = 0;
        againFromMs = Long.MIN_VALUE;
        preferredReplica = NOBODY;
    }

    private List<FetchDeed> reset(ErrorCode error, String why, long wallMs) {
        isAsking = false;
        switch (rules.reset()) {
            case OffsetReset.Earliest earliest -> lookUpTimestamp = OffsetReset.EARLIEST;
            case OffsetReset.Latest latest -> lookUpTimestamp = OffsetReset.LATEST;
            case OffsetReset.ByDuration(long durationMs) -> lookUpTimestamp = Math.max(0, wallMs - durationMs);
            case OffsetReset.Refuse refuse -> {
                return fail(error, why + ", and auto.offset.reset=none");
            }
        }
        state = State.LOOKING_UP;
        isResetting = true;
        return List.of();
    }

    private List<FetchDeed> fail(ErrorCode error, String why) {
        state = State.FAILED;
        return List.of(new FetchDeed.TellFailure(error, name + ": " + why));
    }

    /**
     * Which topic has the name now, as far as is known. What was known of leaders and epochs is not true of one that was made
     * again: they begin anew.
     *
     * @param newTopicId {@link Uuid#ZERO} if it is not known
     */
    public void isOf(Uuid newTopicId) {
        if (newTopicId.equals(topicId) || newTopicId.equals(Uuid.ZERO)) return;
        if (!topicId.equals(Uuid.ZERO)) {
            position = FetchPosition.at(position.offset());
            checkedLeaderEpoch = PartitionLeader.NO_EPOCH;
        }
        topicId = newTopicId;
    }

    /** What it needs now, who leads it being what is known. */
    public FetchStep next(PartitionLeader leader, long nowMs) {
        if (state == State.UNPOSITIONED || state == State.FAILED || isAsking) return new FetchStep.Rest(Long.MAX_VALUE);
        if (againFromMs > nowMs) return new FetchStep.Rest(againFromMs);
        if (!leader.isKnown()) return new FetchStep.FindLeader();
        if (state == State.LOOKING_UP) {
            return new FetchStep.LookUp(leader.brokerId(), leader.epoch(), lookUpTimestamp);
        }
        // Somebody has led since, and this one would say that it has nothing of that.
        boolean isPast = leader.epoch() != PartitionLeader.NO_EPOCH && leader.epoch() < position.leaderEpoch();
        if (isPast) return new FetchStep.FindLeader();
        boolean isUnchecked = leader.epoch() > checkedLeaderEpoch && position.leaderEpoch() != FetchPosition.NO_EPOCH;
        if (isUnchecked) return new FetchStep.CheckEpoch(leader.brokerId(), leader.epoch(), position.leaderEpoch());
        boolean isNearer = preferredReplica != NOBODY && nowMs < preferredUntilMs;
        if (!isNearer) preferredReplica = NOBODY;
        return new FetchStep.Fetch(isNearer ? preferredReplica : leader.brokerId(), leader.epoch(), position);
    }

    /** The look-up or the check that was needed is on its way. */
    public void asked(int leaderEpoch) {
        isAsking = true;
        askedLeaderEpoch = leaderEpoch;
        askedPositionEpoch = position.leaderEpoch();
    }

    /**
     * The answer to a look-up.
     *
     * @param offset -1 if no record is that young
     */
    public List<FetchDeed> lookedUp(
            long askedGeneration, ErrorCode error, long offset, int leaderEpoch, long nowMs, long randomBits) {
        if (askedGeneration != generation || state != State.LOOKING_UP) return List.of();
        isAsking = false;
        if (error != ErrorCode.NONE) return refused(error, nowMs, randomBits);
        if (offset < 0) {
            if (lookUpTimestamp < 0) return retry(nowMs, randomBits);
            lookUpTimestamp = OffsetReset.LATEST;
            return List.of();
        }
        settle(new FetchPosition(offset, leaderEpoch));
        return List.of(new FetchDeed.TellPosition(position));
    }

    private void settle(FetchPosition found) {
        position = found;
        state = State.READING;
        isResetting = false;
        checkedLeaderEpoch = askedLeaderEpoch;
        failures = 0;
    }

    /**
     * The answer to a check: where the epoch of the position, or the last one before it, ends in the leader's log.
     *
     * @param endOffset just past it; -1 if the leader knows of no such epoch
     */
    public List<FetchDeed> epochChecked(
            long askedGeneration,
            ErrorCode error,
            int endEpoch,
            long endOffset,
            long nowMs,
            long wallMs,
            long randomBits) {
        if (askedGeneration != generation || state != State.READING || !isAsking) return List.of();
        isAsking = false;
        if (error == ErrorCode.UNSUPPORTED_VERSION) {
            settle(position); // A broker that cannot tell; so it was with all of them once.
            return List.of();
        }
        if (error != ErrorCode.NONE) return refused(error, nowMs, randomBits);
        // Records of a later epoch came meanwhile, from the leader before.
        if (position.leaderEpoch() != askedPositionEpoch) return List.of();
        if (endOffset < 0 || endEpoch < 0) {
            return reset(ErrorCode.OFFSET_OUT_OF_RANGE, "the log has nothing of " + position, wallMs);
        }
        if (endOffset >= position.offset()) {
            settle(position);
            return List.of();
        }
        if (rules.reset() instanceof OffsetReset.Refuse) {
            return fail(
                    ErrorCode.OFFSET_OUT_OF_RANGE,
                    "the log was truncated: it has epoch " + endEpoch + " only up to offset " + endOffset
                            + ", and reading stood at " + position + "; auto.offset.reset=none");
        }
        settle(new FetchPosition(endOffset, endEpoch));
        return List.of(new FetchDeed.TellPosition(position));
    }

    /** Records up to there came. */
    public void fetched(FetchPosition next) {
        position = next;
        failures = 0;
        againFromMs = Long.MIN_VALUE;
    }

    /** There was nothing, and nothing wrong. */
    public void fetchedNothing() {
        failures = 0;
    }

    /** The leader names a nearer replica (KIP-392). */
    public void prefer(int brokerId, long nowMs) {
        preferredReplica = brokerId;
        preferredUntilMs = nowMs + rules.preferredMaxAgeMs();
    }

    /** A fetch was refused by the broker it was asked of. */
    public List<FetchDeed> fetchRefused(ErrorCode error, int brokerId, long nowMs, long wallMs, long randomBits) {
        boolean wasNearer = brokerId == preferredReplica;
        preferredReplica = NOBODY;
        if (error != ErrorCode.OFFSET_OUT_OF_RANGE) return refused(error, nowMs, randomBits);
        if (wasNearer) return List.of(); // Only the leader's word counts.
        return reset(error, "the log does not have " + position, wallMs);
    }

    /** What was fetched is no records. */
    public List<FetchDeed> fetchedRubbish(String why) {
        return fail(ErrorCode.CORRUPT_MESSAGE, why + " at " + position);
    }

    /** No answer, or none that says anything of it. */
    public List<FetchDeed> lost(long askedGeneration, long nowMs, long randomBits) {
        if (askedGeneration != generation) return List.of();
        isAsking = false;
        preferredReplica = NOBODY;
        return retry(nowMs, randomBits);
    }

    private List<FetchDeed> refused(ErrorCode error, long nowMs, long randomBits) {
        boolean mayChange = error.isRetriable()
                || error == ErrorCode.FENCED_LEADER_EPOCH
                || error == ErrorCode.UNKNOWN_SERVER_ERROR
                || error == ErrorCode.INCONSISTENT_TOPIC_ID;
        if (error == ErrorCode.CORRUPT_MESSAGE) mayChange = false; // The log is damaged there, says its broker.
        if (!mayChange) return fail(error, error + ", " + error.message() + " at " + position);
        return retry(nowMs, randomBits);
    }

    private List<FetchDeed> retry(long nowMs, long randomBits) {
        failures++;
        againFromMs = nowMs + rules.backoff().waitMs(failures, randomBits);
        return List.of(new FetchDeed.Refresh());
    }

    /** Whether it looks for a place to begin by the rules, as the position it had is no more. */
    public boolean isResetting() {
        return isResetting;
    }
}
