package io.millrace.storage;

import io.millrace.environment.DiskFull;
import org.jspecify.annotations.Nullable;

/**
 * What a log directory's free space allows its logs: the part of that one lane may use. Belongs to the lane of the logs that
 * ask it, and is asked before every append.
 */
public interface AppendSpace {
    /** Of a log whose directory nobody watches: only the disk itself refuses. */
    AppendSpace UNWATCHED = new AppendSpace() {
        @Override
        public @Nullable String refusal(AppendOrigin origin, int batchesBytes) {
            return null;
        }

        @Override
        public void appended(int batchesBytes) {
            // Nobody counts.
        }

        @Override
        public String ranOut(DiskFull why) {
            return "there is no space left in the log directory";
        }
    };

    /** Why batches of this many bytes cannot be taken now, as a sentence for their producer; null if they can. */
    @Nullable
    String refusal(AppendOrigin origin, int batchesBytes);

    /** They have been written. */
    void appended(int batchesBytes);

    /**
     * The disk has refused a write of a log, which is as it was before.
     *
     * @return a sentence for the producer
     */
    String ranOut(DiskFull why);
}
