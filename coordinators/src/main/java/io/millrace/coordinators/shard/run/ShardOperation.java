package io.millrace.coordinators.shard.run;

import io.millrace.coordinators.shard.Decision;
import io.millrace.coordinators.shard.Moment;
import io.millrace.protocol.ErrorCode;

/** One request to a machine. Exactly one of its methods is called, once. */
public interface ShardOperation<M> {
    /** Asks the machine. */
    Decision decide(M machine, Moment now);

    /**
     * The shard is not there to be asked.
     *
     * @param error NOT_COORDINATOR, or COORDINATOR_LOAD_IN_PROGRESS while the log is replayed
     */
    void refuse(ErrorCode error);
}
