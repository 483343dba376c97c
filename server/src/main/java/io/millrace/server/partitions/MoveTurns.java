package io.millrace.server.partitions;

import io.millrace.environment.Clock;
import io.millrace.environment.Lane;
import io.millrace.replication.TransferBudget;
import java.util.ArrayDeque;

/**
 * Gives the replicas of all lanes that are being moved between log directories their turns: so many at a time
 * ({@code num.replica.alter.log.dirs.threads}, or as many as there are directories), and together no faster than
 * {@code replica.alter.log.dirs.io.max.bytes.per.second}. At most one turn waits for each replica. Its state belongs to one lane; any lane
 * may call.
 */
public final class MoveTurns {
    private final Lane home;
    private final Clock clock;
    private final int atATime;
    private final TransferBudget budget = new TransferBudget();
    private final ArrayDeque<Turn> waiting = new ArrayDeque<>();
    private int underWay;
    private boolean isWaiting;
    private Runnable moved = () -> {};

    private record Turn(Lane lane, Runnable go) {}

    /** Makes the turns of a broker, which belong to {@code home}. */
    public MoveTurns(Lane home, Clock clock, int atATime) {
        this.home = home;
        this.clock = clock;
        this.atATime = Math.max(1, atATime);
    }

    /** Says what is to be run on {@code home} whenever a replica has been moved; called there or before any lane works. */
    public void whenMoved(Runnable then) {
        moved = then;
    }

    /** A replica has come to lie in another directory. */
    void moved() {
        home.execute(() -> moved.run());
    }

    /** Runs {@code go} on {@code lane} when its turn has come; it is over with {@link #done}. */
    void ask(Lane lane, Runnable go) {
        home.execute(() -> {
            waiting.addLast(new Turn(lane, go));
            next();
        });
    }

    /**
     * A turn is over.
     *
     * @param bytes what was copied in it
     * @param bytesPerSecond the rate in force
     */
    void done(long bytes, long bytesPerSecond) {
        home.execute(() -> {
            underWay--;
            budget.spent(bytes, bytesPerSecond, clock.monotonicMs());
            next();
        });
    }

    private void next() {
        while (underWay < atATime && !waiting.isEmpty() && !isWaiting) {
            long waitMs = budget.waitMs(clock.monotonicMs());
            if (waitMs > 0) {
                isWaiting = true;
                home.schedule(waitMs, () -> {
                    isWaiting = false;
                    next();
                });
                return;
            }
            underWay++;
            Turn turn = waiting.removeFirst();
            turn.lane().execute(turn.go());
        }
    }
}
