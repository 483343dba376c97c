package io.millrace.replication.run;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/** The followers of one partition that rest; nearly always as many as there are, or none. */
final class RestingFollowers {
    private List<FollowerRest> all = List.of();

    /** Adds it, if it is not there already. */
    void add(FollowerRest rest) {
        if (all.contains(rest)) return;
        if (all.isEmpty()) all = new ArrayList<>(2);
        all.add(rest);
    }

    void remove(FollowerRest rest) {
        if (!all.isEmpty()) all.remove(rest);
    }

    boolean isEmpty() {
        return all.isEmpty();
    }

    void forEach(Consumer<FollowerRest> action) {
        all.forEach(action);
    }

    /**
     * All are told. What is urgent ends their rests, and what they do may have some of them rest again; otherwise they go on waiting for what is urgent.
     */
    void end(boolean isUrgent) {
        if (all.isEmpty()) return;
        List<FollowerRest> told = isUrgent ? all : List.copyOf(all);
        if (isUrgent) all = List.of();
        for (FollowerRest rest : told) rest.ended(isUrgent);
    }
}
