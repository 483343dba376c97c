package io.millrace.metadata.config;

/** Whether a broker property may change while the broker runs, and for whom (KIP-226). */
public enum UpdateMode {
    /** Only in the server's properties, with a restart. */
    READ_ONLY,
    /** At run time, for one broker at a time. */
    PER_BROKER,
    /** At run time, for one broker or for all. */
    CLUSTER_WIDE
}
