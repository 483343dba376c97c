package io.millrace.client.cluster.run;

import io.millrace.environment.Lane;
import org.jspecify.annotations.Nullable;

/** Wakes a lane at the earliest of the times it was set to since it last rang. Touched on the lane only. */
public final class Alarm {
    private final ClientLane lane;
    private final Runnable ring;
    private Lane.@Nullable Timer timer;
    private long timerAtMs;
    private boolean isStopped;

    /** Not set yet; {@code ring} will be run on the lane. */
    public Alarm(ClientLane lane, Runnable ring) {
        this.lane = lane;
        this.ring = ring;
    }

    /**
     * Rings at that time at the latest; once for all times it is set to before.
     *
     * @param atMs in monotonic milliseconds; a time that is over rings at the lane's next turn
     */
    public void setTo(long atMs) {
        if (isStopped) return;
        if (timer != null) {
            if (timerAtMs <= atMs) return;
            timer.cancel();
        }
        timerAtMs = atMs;
        timer = lane.lane().schedule(Math.max(0, atMs - lane.nowMs()), () -> {
            timer = null;
            if (!isStopped) ring.run();
        });
    }

    /** Never rings again. */
    public void stop() {
        isStopped = true;
        if (timer != null) timer.cancel();
    }
}
