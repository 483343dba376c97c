package io.millrace.coordinators.group;

/** A moment at which something is to be looked at. It is set at most once at a time, in one {@link Deadlines}. */
final class Deadline {
    /** What to do when the time has come. */
    @FunctionalInterface
    interface Due {
        void at(Turn turn);
    }

    static final int NOT_SET = -1;

    private final Due due;
    long atMs;
    /** Breaks ties, so that the order of equal moments is the order in which they were set. */
    long sequence;

    int heapIndex = NOT_SET;

    Deadline(Due due) {
        this.due = due;
    }

    boolean isSet() {
        return heapIndex != NOT_SET;
    }

    void fire(Turn turn) {
        due.at(turn);
    }

    boolean isBefore(Deadline other) {
        return atMs != other.atMs ? atMs < other.atMs : sequence < other.sequence;
    }
}
