package io.millrace.metadata.config;

/** How much attention a property deserves, in Kafka's own words. */
public enum Importance {
    /** Has to be looked at before going to production. */
    HIGH,
    /** Worth knowing. */
    MEDIUM,
    /** Rarely touched. */
    LOW
}
