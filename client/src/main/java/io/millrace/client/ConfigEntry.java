package io.millrace.client;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One property of a topic, broker or group as it is in force.
 *
 * @param value null if it has none, or is sensitive
 * @param source where the value comes from
 * @param isReadOnly whether it can be set only where the node's files are
 * @param type what its value is read as; {@link Type#UNKNOWN} where the cluster is too old to tell
 * @param synonyms every place where a value for it is set, the one in force first; empty if they were not asked for
 * @param documentation what the property is for, in the cluster's words; null if it was not asked for, or there is none
 */
public record ConfigEntry(
        String name,
        @Nullable String value,
        Source source,
        boolean isReadOnly,
        boolean isSensitive,
        Type type,
        List<Synonym> synonyms,
        @Nullable String documentation) {
    /** Fixes the list. */
    public ConfigEntry {
        synonyms = List.copyOf(synonyms);
    }

    /** One of which only the value was asked for. */
    public ConfigEntry(String name, @Nullable String value, Source source, boolean isReadOnly, boolean isSensitive) {
        this(name, value, source, isReadOnly, isSensitive, Type.UNKNOWN, List.of(), null);
    }

    /**
     * A value for the same thing, under a name of that place: a topic's {@code retention.ms} is a broker's {@code log.retention.ms}.
     *
     * @param value null if it is sensitive
     */
    public record Synonym(String name, @Nullable String value, Source source) {}

    /** What a value is read as, with the protocol's numbers (KIP-569). */
    public enum Type {
        /** Something newer than this client, or not told. */
        UNKNOWN,
        /** {@code true} or {@code false}. */
        BOOLEAN,
        /** Text. */
        STRING,
        /** A whole number of 32 bits. */
        INT,
        /** A whole number of 16 bits. */
        SHORT,
        /** A whole number of 64 bits. */
        LONG,
        /** A number. */
        DOUBLE,
        /** Texts with commas between. */
        LIST,
        /** A Java class, by name. */
        CLASS,
        /** Text that is not told. */
        PASSWORD;

        static Type forCode(int code) {
            return code < 0 || code >= values().length ? UNKNOWN : values()[code];
        }
    }

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
