package io.millrace.metadata.config;

/** Where a value comes from; the codes are those of DescribeConfigs and CreateTopics. */
public enum ConfigSource {
    /** Set on the topic. */
    DYNAMIC_TOPIC_CONFIG(1),
    /** Set on one broker at run time. */
    DYNAMIC_BROKER_CONFIG(2),
    /** Set for all brokers at run time. */
    DYNAMIC_DEFAULT_BROKER_CONFIG(3),
    /** Read from the server's properties when it started. */
    STATIC_BROKER_CONFIG(4),
    /** Nobody set it. */
    DEFAULT_CONFIG(5),
    /** The level of a logger. */
    DYNAMIC_BROKER_LOGGER_CONFIG(6),
    /** Set on a client-metrics subscription. */
    CLIENT_METRICS_CONFIG(7),
    /** Set on the group. */
    GROUP_CONFIG(8);

    private final byte code;

    ConfigSource(int code) {
        this.code = (byte) code;
    }

    /** The {@code ConfigSource} field on the wire. */
    public byte code() {
        return code;
    }
}
