package io.millrace.metadata;

import java.util.Comparator;
import java.util.Optional;

/**
 * What a property is set on.
 *
 * @param type the kind of thing
 * @param name the topic, the broker's number, the group or the subscription; empty for the default of all brokers
 */
public record ConfigResource(Type type, String name) implements Comparable<ConfigResource> {
    private static final Comparator<ConfigResource> ORDER =
            Comparator.comparing(ConfigResource::type).thenComparing(ConfigResource::name);

    /** The default of all brokers. */
    public static final ConfigResource BROKER_DEFAULT = new ConfigResource(Type.BROKER, "");

    /** The kinds; the codes are those of the protocol. */
    public enum Type {
        TOPIC(2),
        BROKER(4),
        BROKER_LOGGER(8),
        CLIENT_METRICS(16),
        GROUP(32);

        private final byte code;

        Type(int code) {
            this.code = (byte) code;
        }

        /** The {@code ResourceType} on the wire. */
        public byte code() {
            return code;
        }

        /** The kind of that code. */
        public static Optional<Type> forCode(int code) {
            for (Type type : values()) if (type.code == code) return Optional.of(type);
            return Optional.empty();
        }
    }

    /** A topic. */
    public static ConfigResource topic(String name) {
        return new ConfigResource(Type.TOPIC, name);
    }

    /** One broker. */
    public static ConfigResource broker(int id) {
        return new ConfigResource(Type.BROKER, Integer.toString(id));
    }

    /** A group. */
    public static ConfigResource group(String groupId) {
        return new ConfigResource(Type.GROUP, groupId);
    }

    /** From the code and the name, so that it is the same in every process; an enum's own hash is not. */
    @Override
    public int hashCode() {
        return 31 * type.code() + name.hashCode();
    }

    @Override
    public int compareTo(ConfigResource other) {
        return ORDER.compare(this, other);
    }
}
