package io.millrace.raft;

import io.millrace.protocol.ErrorCode;
import io.millrace.records.OffsetAndEpoch;
import java.nio.ByteBuffer;
import java.util.OptionalInt;

/** What replicas of the metadata log answer each other; every answer says who leads, if anybody is there to answer. */
public sealed interface PeerAnswer {
    /** The leader and epoch the answering replica knows. */
    LeaderAndEpoch leader();

    /** No answer to what was asked, and why. */
    record Refused(ErrorCode error, LeaderAndEpoch leader) implements PeerAnswer {}

    /**
     * Nobody listens where the replica was: the system there refuses connections, so that its process has ended. Nothing rests on that but when
     * an election is tried.
     */
    record Gone() implements PeerAnswer {
        private static final LeaderAndEpoch NOTHING_SAID = new LeaderAndEpoch(OptionalInt.empty(), 0);

        @Override
        public LeaderAndEpoch leader() {
            return NOTHING_SAID;
        }
    }

    /** Whether it votes for the candidate. */
    record Voted(boolean isGranted, LeaderAndEpoch leader) implements PeerAnswer {}

    /** It has taken note that an epoch began or ended. */
    record Acknowledged(LeaderAndEpoch leader) implements PeerAnswer {}

    /**
     * The fetching replica's log parts from the leader's.
     *
     * @param endOfEpoch the latest epoch of the leader's log that is not after the replica's last, and where it ends
     */
    record Diverging(OffsetAndEpoch endOfEpoch, LeaderAndEpoch leader) implements PeerAnswer {}

    /** The leader's log does not reach back that far: fetch this snapshot. */
    record SnapshotNeeded(OffsetAndEpoch snapshotId, LeaderAndEpoch leader) implements PeerAnswer {}

    /**
     * What comes next in the leader's log.
     *
     * @param records whole batches, unchecked; empty if there is nothing new
     * @param highWatermark what the leader knows to be committed
     */
    record Fetched(ByteBuffer records, long highWatermark, LeaderAndEpoch leader) implements PeerAnswer {}

    /**
     * Bytes of a snapshot.
     *
     * @param sizeBytes of the whole snapshot
     * @param position of the first byte
     */
    record SnapshotPart(
            OffsetAndEpoch snapshotId, long sizeBytes, long position, ByteBuffer bytes, LeaderAndEpoch leader)
            implements PeerAnswer {}
}
