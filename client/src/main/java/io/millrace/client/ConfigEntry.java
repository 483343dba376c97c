package io.millrace.client;

import org.jspecify.annotations.Nullable;

/**
 * One property of a topic, broker or group as it is in force.
 *
 * @param value null if it has none, or is sensitive
 * @param source where the value comes from
 * @param isReadOnly whether it can be set only where the node's files are
 */
public record ConfigEntry(String name, @Nullable String value, Source source, boolean isReadOnly, boolean isSensitive) {
    /** Where a value in force comes from, most specific first, with the protocol's numbers. */
    public enum Source {
        /** Set on the topic. */
        DYNAMIC_TOPIC_CONFIG(1),
        /** Set on the broker while it ran. */
        DYNAMIC_BROKER_CONFIG(2),
        /** Set for all brokers. */
        DYNAMIC_DEFAULT_BROKER_CONFIG(3),
        /** In the broker's file. */
        STATIC_BROKER_CONFIG(4),
        /** Kafka's default. */
        DEFAULT_CONFIG(5),
        /** The level of a broker's logger. */
        DYNAMIC_BROKER_LOGGER_CONFIG(6),
        /** Set for a client's metrics. */
        CLIENT_METRICS_CONFIG(7),
        /** Set on the group. */
        GROUP_CONFIG(8),
        /** Something newer than this client. */
        UNKNOWN(0);

        private final int code;

        Source(int code) {
            this.code = code;
        }

        static Source forCode(int code) {
            for (Source source : values()) if (source.code == code) return source;
            return UNKNOWN;
        }

        /** Whether somebody set it on the resource itself, rather than above it. */
        public boolean isOwn() {
            return this == DYNAMIC_TOPIC_CONFIG || this == DYNAMIC_BROKER_CONFIG || this == GROUP_CONFIG;
        }
    }
}
