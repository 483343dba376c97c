package io.millrace.replication;

import io.millrace.protocol.ErrorCode;
import java.util.List;

/** What became of an {@link IsrProposal}, as far as is known. */
public sealed interface ProposalAnswer {
    /**
     * The controller answered with how the partition is now.
     *
     * @param leaderEpoch    as registered
     * @param partitionEpoch as registered
     * @param isr            as registered
     */
    record Committed(int leaderEpoch, int partitionEpoch, List<Integer> isr) implements ProposalAnswer {}

    /**
     * The controller, or whoever took the request for it, refused.
     *
     * @param error of the request or of the partition, not NONE
     */
    record Refused(ErrorCode error) implements ProposalAnswer {}

    /** No answer came: it may have been carried out, or may still be. */
    record Unanswered() implements ProposalAnswer {}

    /** What the leader has to do then. */
    enum Consequence {
        /** Nothing: the in-sync set is known. */
        SETTLED,
        /** Propose the same again, after a while. */
        ASK_AGAIN,
        /** Wait for metadata: the registration has moved on, and both sets count until it says to what. */
        AWAIT_METADATA,
        /** Nothing: the in-sync set is what it was; another proposal can be made. */
        GIVEN_UP
    }
}
