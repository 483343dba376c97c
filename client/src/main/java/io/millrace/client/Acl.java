package io.millrace.client;

import java.util.EnumSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * One line of who may do what to which resource, as Kafka's authorizers keep it (KIP-11, KIP-290).
 *
 * @param resourceType neither {@link ResourceType#UNKNOWN} nor {@link ResourceType#ANY}
 * @param resourceName a name, the beginning of names, or {@code *} for all; {@code kafka-cluster} for a cluster
 * @param patternType {@link PatternType#LITERAL} or {@link PatternType#PREFIXED}
 * @param principal such as {@code User:alice}, or {@code User:*}
 * @param host an address, or {@code *}
 */
public record Acl(
        ResourceType resourceType,
        String resourceName,
        PatternType patternType,
        String principal,
        String host,
        Operation operation,
        Permission permission) {

    /** What has a number in the protocol. */
    interface Coded {
        byte code();
    }

    /** Kinds of resources. */
    public enum ResourceType implements Coded {
        /** One this client does not know. */
        UNKNOWN(0),
        /** In a filter: of whatever kind. */
        ANY(1),
        /** A topic. */
        TOPIC(2),
        /** A group of consumers. */
        GROUP(3),
        /** The cluster as a whole. */
        CLUSTER(4),
        /** A transactional id. */
        TRANSACTIONAL_ID(5),
        /** A delegation token. */
        DELEGATION_TOKEN(6),
        /** A user, whose tokens others may create and see. */
        USER(7);

        private final byte code;

        ResourceType(int code) {
            this.code = (byte) code;
        }

        @Override
        public byte code() {
            return code;
        }
    }

    /** How a resource's name is meant. */
    public enum PatternType implements Coded {
        /** One this client does not know. */
        UNKNOWN(0),
        /** In a filter: however it is meant. */
        ANY(1),
        /** In a filter: all that apply to a resource of that name. */
        MATCH(2),
        /** The name itself. */
        LITERAL(3),
        /** All names that begin so. */
        PREFIXED(4);

        private final byte code;

        PatternType(int code) {
            this.code = (byte) code;
        }

        @Override
        public byte code() {
            return code;
        }
    }

    /** What somebody does. */
    public enum Operation implements Coded {
        /** One this client does not know. */
        UNKNOWN(0),
        /** In a filter: whatever it is. */
        ANY(1),
        /** Everything that can be done. */
        ALL(2),
        /** Read records, or be in a group. */
        READ(3),
        /** Write records. */
        WRITE(4),
        /** Create. */
        CREATE(5),
        /** Delete. */
        DELETE(6),
        /** Alter. */
        ALTER(7),
        /** Describe. */
        DESCRIBE(8),
        /** What brokers ask of one another. */
        CLUSTER_ACTION(9),
        /** See the configuration. */
        DESCRIBE_CONFIGS(10),
        /** Change the configuration. */
        ALTER_CONFIGS(11),
        /** Write as an idempotent producer. */
        IDEMPOTENT_WRITE(12),
        /** Create delegation tokens. */
        CREATE_TOKENS(13),
        /** See delegation tokens. */
        DESCRIBE_TOKENS(14),
        /** Take part in a two-phase commit (KIP-939). */
        TWO_PHASE_COMMIT(15);

        private static final int NOT_TOLD = Integer.MIN_VALUE;

        private final byte code;

        Operation(int code) {
            this.code = (byte) code;
        }

        @Override
        public byte code() {
            return code;
        }

        /** Those whose bits are set, counted by their codes (KIP-430); bits that this client has no name for are left out. */
        static Set<Operation> setOf(int bits) {
            Set<Operation> operations = EnumSet.noneOf(Operation.class);
            if (bits == NOT_TOLD) return operations;
            for (Operation each : values())
                if (each.code > ANY.code && (bits >> each.code & 1) == 1) operations.add(each);
            return operations;
        }
    }

    /** Whether it may be done. */
    public enum Permission implements Coded {
        /** One this client does not know. */
        UNKNOWN(0),
        /** In a filter: either. */
        ANY(1),
        /** It may not, whatever else is said. */
        DENY(2),
        /** It may. */
        ALLOW(3);

        private final byte code;

        Permission(int code) {
            this.code = (byte) code;
        }

        @Override
        public byte code() {
            return code;
        }
    }

    /** Refuses what stands for several or for nothing. */
    public Acl {
        if (resourceType == ResourceType.ANY) throw new IllegalArgumentException("an ACL is for one kind of resource");
        if (patternType == PatternType.ANY || patternType == PatternType.MATCH)
            throw new IllegalArgumentException("an ACL's name is literal or prefixed, not " + patternType);
        if (operation == Operation.ANY) throw new IllegalArgumentException("an ACL is for one operation, or ALL");
        if (permission == Permission.ANY) throw new IllegalArgumentException("an ACL allows or denies");
    }

    /**
     * Which ACLs are meant: those that agree with each part.
     *
     * @param resourceName null for any
     * @param principal null for any
     * @param host null for any
     */
    public record Filter(
            ResourceType resourceType,
            @Nullable String resourceName,
            PatternType patternType,
            @Nullable String principal,
            @Nullable String host,
            Operation operation,
            Permission permission) {
        /** All there are. */
        public static final Filter ALL =
                new Filter(ResourceType.ANY, null, PatternType.ANY, null, null, Operation.ANY, Permission.ANY);
    }

    /** A filter that means this one only. */
    public Filter toFilter() {
        return new Filter(resourceType, resourceName, patternType, principal, host, operation, permission);
    }
}
