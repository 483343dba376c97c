package io.millrace.server.partitions;

import io.millrace.records.TopicPartition;
import io.millrace.replication.run.LeaderPartition;

/** Hears, on the lane that owns them, which partitions this broker leads: whoever keeps a state machine on one. */
public interface Leaderships {
    /** Nobody hears. */
    Leaderships UNHEARD = new Leaderships() {
        @Override
        public void led(LeaderPartition partition) {}

        @Override
        public void resigned(TopicPartition name) {}
    };

    /** A partition is led here from now on, and can be found. A later epoch of the same leadership is not told. */
    void led(LeaderPartition partition);

    /** A partition is not led here any more, whatever the reason; before those who wait at it are told. */
    void resigned(TopicPartition name);
}
