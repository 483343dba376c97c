package io.millrace.records;

import io.millrace.protocol.messages.KRaftVersionRecord;
import io.millrace.protocol.messages.LeaderChangeMessage;
import io.millrace.protocol.messages.SnapshotFooterRecord;
import io.millrace.protocol.messages.SnapshotHeaderRecord;
import io.millrace.protocol.messages.VotersRecord;

/** A record that speaks to the log's keepers and not to applications. Written and read by {@link ControlRecords}. */
public sealed interface ControlRecord {
    /**
     * The end of a producer's transaction on this partition.
     *
     * @param isCommit         whether it counts
     * @param coordinatorEpoch the epoch of the transaction coordinator that said so
     */
    record EndTransaction(boolean isCommit, int coordinatorEpoch) implements ControlRecord {}

    /** The beginning of a leader's epoch. */
    record LeaderChange(LeaderChangeMessage message) implements ControlRecord {}

    /** The beginning of a snapshot. */
    record SnapshotHeader(SnapshotHeaderRecord message) implements ControlRecord {}

    /** The end of a snapshot; one without it is not complete. */
    record SnapshotFooter(SnapshotFooterRecord message) implements ControlRecord {}

    /** The quorum's protocol version from here on. */
    record KRaftVersion(KRaftVersionRecord message) implements ControlRecord {}

    /** The quorum's voters from here on. */
    record KRaftVoters(VotersRecord message) implements ControlRecord {}

    /** One of a type this version does not know; readers skip it. */
    record Unknown(int typeId) implements ControlRecord {}
}
