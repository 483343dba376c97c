package io.millrace.replication;

/** A mistake put in on purpose, which the model has to find. */
enum Mistake {
    /** None. */
    NONE,
    /** Records are acknowledged when the leader has written them. */
    ACKNOWLEDGED_WHEN_WRITTEN,
    /** The high watermark moves while fewer are in sync than the topic demands ("last replica standing", KIP-966). */
    MIN_ISR_IGNORED,
    /** Who is proposed to be in sync is not waited for until the controller has answered. */
    GROWTH_NOT_COUNTED,
    /** Who is proposed to be out of sync is not waited for from that moment on. */
    SHRUNK_BEFORE_COMMITTED,
    /** A leader does not look which epoch the record before a fetch is of (KAFKA-13141). */
    DIVERGENCE_IGNORED,
    /** What followers had in an earlier leadership counts. */
    EARLIER_PROGRESS_COUNTS,
    /** Proposals do not say in which life a log was seen (KIP-903). */
    BROKER_EPOCH_UNSAID,
    /** A follower cuts its log at its high watermark (before KIP-101). */
    CUT_AT_HIGH_WATERMARK,
    /** A leader takes all it has for committed. */
    NEW_LEADER_TRUSTS_ITS_END,
    /** A follower believes the leader's high watermark before it has cut its log (KAFKA-14704). */
    HIGH_WATERMARK_BEFORE_CUT,
    /** The controller goes on taking a broker for eligible that stopped uncleanly (KAFKA-18635). */
    UNCLEAN_STOP_OVERLOOKED,
    /** The controller takes proposals made on an older registration. */
    PARTITION_EPOCH_IGNORED
}
