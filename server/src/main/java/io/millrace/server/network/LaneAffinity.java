package io.millrace.server.network;

import io.millrace.environment.Lane;
import org.jspecify.annotations.Nullable;

/**
 * Decides whether a connection would be better off on another lane: when request after request was for partitions of that one
 * lane only. Each such request costs two wake-ups where it is, and none there. A move back and forth is made ever harder.
 */
final class LaneAffinity {
    /** Requests in a row that make the first move. */
    static final int FIRST_STREAK = 32;

    /** Most that are ever asked for. */
    static final int MOST_STREAK = 1 << 20;

    private int wantedStreak = FIRST_STREAK;
    private int streak;
    private @Nullable Lane towards;

    /**
     * A request was for partitions.
     *
     * @param home the lane the connection is on
     * @param owner the lane that owns all of them; null if there are several
     * @return whether to move to {@code owner} now
     */
    boolean request(Lane home, @Nullable Lane owner) {
        if (owner == null || owner.equals(home)) {
            streak = 0;
            return false;
        }
        if (!owner.equals(towards)) streak = 0;
        towards = owner;
        if (++streak < wantedStreak) return false;
        streak = 0;
        return true;
    }

    /** The connection moves: the next time takes eight times as many requests. */
    void moves() {
        streak = 0;
        wantedStreak = Math.min(MOST_STREAK, wantedStreak * 8);
    }
}
