package io.millrace.server.storage;

import io.millrace.environment.DiskFull;
import io.millrace.server.storage.SpaceReserve.State;
import io.millrace.storage.AppendOrigin;
import io.millrace.storage.AppendSpace;
import org.jspecify.annotations.Nullable;

/**
 * One lane's share of the room that one log directory has until the next look, so that lanes need not count together. Beyond its
 * share a lane may use a part of the reserve while it waits for that look, which it has asked for long before; so however fast
 * records come, all lanes together leave three quarters of the reserve.
 */
public final class LaneSpace implements AppendSpace {
    /** A lane asks for a look when it has written so much since the last one. */
    private static final long LOOK_AFTER_BYTES = 64L << 20;

    /**
     * The largest batch that most topics take. Where disks are small or lanes many, a lane's whole share may be less: then the
     * directory is full, and has to be said to be. A batch that is larger than this is refused alone.
     */
    private static final long USUAL_BATCH_BYTES = 1L << 20;

    /** Whoever copies asks for a look where there is less: its share may be used up, and others' not. */
    private static final long LOOK_BELOW_BYTES = 1L << 20;

    private final DirectorySpace space;
    private final int laneCount;
    private DirectorySpace.Look seen = DirectorySpace.Look.NONE;
    private long leftBytes = Long.MAX_VALUE;
    private long askBelowBytes = Long.MIN_VALUE;

    /** Nothing has been written since the last look. */
    private boolean isUnused = true;

    private long refusals;

    /** A share of one in so many. */
    public LaneSpace(DirectorySpace space, int laneCount) {
        this.space = space;
        this.laneCount = laneCount;
    }

    /** Appends refused so far, for metrics. */
    public long refusals() {
        return refusals;
    }

    // A look is a new share, though it may say what the one before said.
    @SuppressWarnings("ReferenceEquality")
    private DirectorySpace.Look look() {
        DirectorySpace.Look now = space.now();
        if (now != seen) take(now);
        return now;
    }

    /**
     * Bytes of logs that are being moved here which may be written now; 0 while the directory is read-only. Copies leave the
     * reserve and a quarter of it, so that no copy makes a directory read-only.
     */
    public long roomForCopies() {
        DirectorySpace.Look now = look();
        if (now.state() != State.OPEN) return 0;
        long roomBytes = Math.max(0, leftBytes - now.reserveBytes() / 2 / laneCount);
        if (roomBytes < LOOK_BELOW_BYTES) space.ask();
        return roomBytes;
    }

    @Override
    public @Nullable String refusal(AppendOrigin origin, int batchesBytes) {
        DirectorySpace.Look now = look();
        boolean isTaken = switch (now.state()) {
            case OPEN -> true;
            case RESERVED -> origin == AppendOrigin.COORDINATOR;
            case EXHAUSTED -> false;
        };
        if (isTaken && batchesBytes <= leftBytes) return null;
        refusals++;
        if (isTaken) space.ask();
        long usualBytes = Math.min(batchesBytes, USUAL_BATCH_BYTES);
        if (now.state() == State.OPEN && isUnused && usualBytes > leftBytes)
            space.nearlyFull(usualBytes * laneCount - now.reserveBytes() / 4);
        return now.state() == State.OPEN
                ? "the log directory is nearly full: " + now.text()
                : "the log directory is full and read-only until there is space: " + now.text();
    }

    private void take(DirectorySpace.Look look) {
        seen = look;
        isUnused = true;
        if (look.reserveBytes() == 0) {
            leftBytes = Long.MAX_VALUE;
            askBelowBytes = Long.MIN_VALUE;
            return;
        }
        leftBytes = (look.roomBytes() + look.reserveBytes() / 4) / laneCount;
        askBelowBytes = leftBytes - Math.min(LOOK_AFTER_BYTES, leftBytes / 2);
    }

    @Override
    public void appended(int batchesBytes) {
        isUnused = false;
        leftBytes -= batchesBytes;
        if (leftBytes >= askBelowBytes) return;
        askBelowBytes = Long.MIN_VALUE;
        space.ask();
    }

    @Override
    public String ranOut(DiskFull why) {
        refusals++;
        space.ranOut();
        return "there is no space left in the log directory";
    }
}
