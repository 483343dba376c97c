package io.millrace.client.transaction;

/** Where a transactional producer stands. */
public enum TransactionPhase {
    /** The coordinator has not been asked who it is. */
    UNINITIALIZED,
    /** The coordinator is being asked, and ends what an earlier producer of this id left undecided. */
    INITIALIZING,
    /** No transaction is open. */
    READY,
    /** Records and offsets are taken into the transaction. */
    OPEN,
    /** What was handed in is being written, and then committed. */
    COMMITTING,
    /** What was handed in is dropped, and what is written is being aborted. */
    ABORTING,
    /** Something of the transaction failed: it can only be aborted. */
    ABORTABLE,
    /** Nothing more can be done: another producer has taken over, or the cluster refuses. */
    FATAL
}
