package io.millrace.server.metrics;

/** How busy a lane's thread has been, for environments that know. Read on the lane. */
public interface LaneLoad {
    /** Turns of the lane's loop since its start. */
    long turns();

    /** Tasks run since its start. */
    long tasksRun();

    /** Nanoseconds it has spent waiting for something to do. */
    long asleepNanos();
}
