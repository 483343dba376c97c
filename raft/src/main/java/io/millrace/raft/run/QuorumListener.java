package io.millrace.raft.run;

import io.millrace.records.OffsetAndEpoch;
import java.nio.ByteBuffer;
import java.util.List;

/**
 * The state machine on top of the metadata log. Told everything in log order, on the quorum's lane.
 *
 * <p>At start: {@link #onLoadBootstrap} if there are bootstrap records, {@link #onLoadSnapshot} if there is a snapshot, then
 * the log after it. {@link #onLeader} comes when everything before the new epoch has been seen.
 */
public interface QuorumListener {
    /**
     * What the operator formatted the directory with: feature levels, perhaps more. They count only once a leader that finds
     * the log empty has written them into it.
     */
    void onLoadBootstrap(List<ByteBuffer> values);

    /**
     * The state is what these records make of an empty one. Never called while leading.
     *
     * @param id the snapshot holds everything below this offset; the last of it is of this epoch
     * @param lastContainedLogTimeMs append time of the last record in it
     */
    void onLoadSnapshot(OffsetAndEpoch id, long lastContainedLogTimeMs, List<ByteBuffer> values);

    /** The next batch is committed. */
    void onCommitted(CommittedBatch batch);

    /** This node leads from now on and may append in this epoch. */
    void onLeader(int epoch);

    /** This node leads no longer: what was appended and not committed is void. */
    void onResigned(int epoch);

    /**
     * The disk failed under the metadata log, or the log is damaged. Nothing more is committed; the node cannot go on.
     */
    void onFailed(Exception cause);
}
