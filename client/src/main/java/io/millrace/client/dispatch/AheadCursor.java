package io.millrace.client.dispatch;

import java.util.List;

/**
 * Tells, of the records of a partition as they come, which another one has finished. A record before the committed offset means
 * that the log was truncated, and that nothing that was said of it counts any more.
 */
final class AheadCursor {
    private final long committedOffset;
    private FinishedAhead ahead;
    private int index;

    AheadCursor(long committedOffset, FinishedAhead ahead) {
        this.committedOffset = committedOffset;
        this.ahead = ahead;
    }

    /** Whether a record is finished already; asked in the order of offsets. */
    boolean isFinished(long offset, int leaderEpoch) {
        if (ahead.isEmpty()) return false;
        boolean isOfAnotherLog =
                offset < committedOffset || (ahead.leaderEpoch() >= 0 && leaderEpoch > ahead.leaderEpoch());
        if (isOfAnotherLog) {
            ahead = FinishedAhead.NONE;
            return false;
        }
        List<FinishedAhead.Range> ranges = ahead.ranges();
        while (index < ranges.size() && ranges.get(index).untilOffset() <= offset) index++;
        return index < ranges.size() && ranges.get(index).fromOffset() <= offset;
    }

    /** The epoch of what is left. */
    int leaderEpoch() {
        return ahead.leaderEpoch();
    }

    /** What lies behind that offset, of which no record has come yet. */
    List<FinishedAhead.Range> behind(long offset) {
        return ahead.ranges().stream()
                .filter(each -> each.untilOffset() > offset + 1)
                .map(each -> new FinishedAhead.Range(Math.max(each.fromOffset(), offset + 1), each.untilOffset()))
                .toList();
    }
}
