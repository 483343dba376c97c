package io.millrace.server.storage;

import io.millrace.environment.Clock;
import io.millrace.environment.Lane;
import io.millrace.server.partitions.BrokerLane;
import io.millrace.server.partitions.OpeningCounts;
import java.util.List;
import java.util.function.BooleanSupplier;

/**
 * Watches the logs found at start being opened. The node serves once they are, or after a short while at the latest: partitions
 * then come up one by one, and whoever asks for one that is not open is told to try again. Until all are open a line every few
 * seconds says how far it has come. Touched on the metadata lane.
 */
public final class OpeningWatch {
    /** An ordinary start is done by then, and no client ever sees a partition that is not open. */
    public static final long PATIENCE_MS = 500;

    private static final long LINE_EVERY_MS = 5_000;
    private static final System.Logger LOG = System.getLogger(OpeningWatch.class.getName());

    private final List<BrokerLane> lanes;
    private final Lane home;
    private final Clock clock;
    private final BooleanSupplier isOver;
    private long beganMs;
    private int lanesLeft;
    private boolean isServing;

    /**
     * Makes the watch.
     *
     * @param home the metadata lane
     * @param isOver whether the node stops or has failed: nothing more is said then
     */
    public OpeningWatch(List<BrokerLane> lanes, Lane home, Clock clock, BooleanSupplier isOver) {
        this.lanes = List.copyOf(lanes);
        this.home = home;
        this.clock = clock;
        this.isOver = isOver;
    }

    /** Begins, after every lane has been sent the image in which this broker leads; {@code serve} is run once. */
    public void begin(Runnable serve) {
        beganMs = clock.monotonicMs();
        lanesLeft = lanes.size();
        for (BrokerLane lane : lanes)
            lane.lane()
                    .execute(() -> lane.applier()
                            .whenSettled(() -> home.execute(() -> {
                                if (--lanesLeft > 0) return;
                                count(this::sayDone);
                                serveOnce(serve);
                            })));
        home.schedule(PATIENCE_MS, () -> serveOnce(serve));
        home.schedule(LINE_EVERY_MS, this::sayHowFar);
    }

    private void serveOnce(Runnable serve) {
        if (isServing || isOver.getAsBoolean()) return;
        isServing = true;
        serve.run();
    }

    private void sayHowFar() {
        if (lanesLeft == 0 || isOver.getAsBoolean()) return;
        count(counts -> LOG.log(
                System.Logger.Level.INFO,
                counts.opened() + " of " + total(counts) + " logs are open after " + (clock.monotonicMs() - beganMs)
                        + " ms; " + counts.bytesScanned() + " bytes were scanned"));
        home.schedule(LINE_EVERY_MS, this::sayHowFar);
    }

    private void sayDone(OpeningCounts counts) {
        if (total(counts) == 0) return;
        LOG.log(
                counts.offline() == 0 ? System.Logger.Level.INFO : System.Logger.Level.WARNING,
                counts.opened() + " of " + total(counts) + " logs were opened in " + (clock.monotonicMs() - beganMs)
                        + " ms; " + counts.bytesScanned() + " bytes were scanned, " + counts.offline()
                        + " logs are offline");
    }

    private static int total(OpeningCounts counts) {
        return counts.waiting() + counts.opened() + counts.offline();
    }

    private void count(java.util.function.Consumer<OpeningCounts> then) {
        OpeningCounts[] sum = {OpeningCounts.NONE};
        int[] missing = {lanes.size()};
        for (BrokerLane lane : lanes)
            lane.lane().execute(() -> {
                OpeningCounts counts = lane.applier().openings();
                home.execute(() -> {
                    sum[0] = sum[0].plus(counts);
                    if (--missing[0] == 0) then.accept(sum[0]);
                });
            });
    }
}
