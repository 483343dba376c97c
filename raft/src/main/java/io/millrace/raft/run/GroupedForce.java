package io.millrace.raft.run;

import io.millrace.environment.Lane;
import io.millrace.storage.Flush;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * Forces the metadata log off the lane, one force at a time: what is appended while one is under way, or in the same turn
 * of the lane, shares the next one.
 */
final class GroupedForce {
    private final Lane lane;
    private final Supplier<Flush> prepare;
    private final Consumer<Flush> onForced;
    private final Consumer<Exception> onFailed;
    private final List<Runnable> waitingForIdle = new ArrayList<>();
    private boolean wanted;
    private boolean underWay;
    private boolean stopped;

    GroupedForce(Lane lane, Supplier<Flush> prepare, Consumer<Flush> onForced, Consumer<Exception> onFailed) {
        this.lane = lane;
        this.prepare = prepare;
        this.onForced = onForced;
        this.onFailed = onFailed;
    }

    /** Something was appended. */
    void request() {
        if (wanted) return;
        wanted = true;
        if (!underWay) lane.execute(this::begin);
    }

    /** Begins no more forces, and runs a task once none is under way. */
    void stop(Runnable whenIdle) {
        stopped = true;
        if (underWay) waitingForIdle.add(whenIdle);
        else whenIdle.run();
    }

    private void begin() {
        if (underWay || stopped || !wanted) return;
        wanted = false;
        underWay = true;
        Flush flush = prepare.get();
        lane.offload(
                () -> {
                    flush.run();
                    return flush;
                },
                this::ended);
    }

    private void ended(Lane.Outcome<Flush> outcome) {
        underWay = false;
        switch (outcome) {
            case Lane.Outcome.Done<Flush>(Flush flush) -> {
                onForced.accept(flush);
                begin();
            }
            case Lane.Outcome.Failed<Flush>(Exception cause) -> {
                // A failed force is final: none is tried after it.
                stopped = true;
                onFailed.accept(cause);
            }
        }
        waitingForIdle.forEach(Runnable::run);
        waitingForIdle.clear();
    }
}
