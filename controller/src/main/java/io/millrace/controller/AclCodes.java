package io.millrace.controller;

import java.util.List;

/** The numbers and names of the protocol for what ACLs are made of (KIP-140, 290). In each, 0 is what this version does not know, and 1 stands for any. */
final class AclCodes {
    static final byte ANY = 1;
    static final byte MATCH = 2;
    static final byte LITERAL = 3;
    static final byte PREFIXED = 4;
    static final byte DENY = 2;
    static final byte ALLOW = 3;

    /** In place of a literal name: all resources of the type. */
    static final String WILDCARD = "*";

    private static final List<String> RESOURCE_TYPES =
            List.of("UNKNOWN", "ANY", "TOPIC", "GROUP", "CLUSTER", "TRANSACTIONAL_ID", "DELEGATION_TOKEN", "USER");
    private static final List<String> PATTERN_TYPES = List.of("UNKNOWN", "ANY", "MATCH", "LITERAL", "PREFIXED");
    private static final List<String> OPERATIONS = List.of(
            "UNKNOWN",
            "ANY",
            "ALL",
            "READ",
            "WRITE",
            "CREATE",
            "DELETE",
            "ALTER",
            "DESCRIBE",
            "CLUSTER_ACTION",
            "DESCRIBE_CONFIGS",
            "ALTER_CONFIGS",
            "IDEMPOTENT_WRITE",
            "CREATE_TOKENS",
            "DESCRIBE_TOKENS",
            "TWO_PHASE_COMMIT");
    private static final List<String> PERMISSION_TYPES = List.of("UNKNOWN", "ANY", "DENY", "ALLOW");

    static final int LAST_RESOURCE_TYPE = RESOURCE_TYPES.size() - 1;
    static final int LAST_OPERATION = OPERATIONS.size() - 1;

    private AclCodes() {}

    static String resourceType(byte code) {
        return name(RESOURCE_TYPES, code);
    }

    static String patternType(byte code) {
        return name(PATTERN_TYPES, code);
    }

    static String operation(byte code) {
        return name(OPERATIONS, code);
    }

    static String permissionType(byte code) {
        return name(PERMISSION_TYPES, code);
    }

    static boolean isUnknownResourceType(byte code) {
        return isUnknown(RESOURCE_TYPES, code);
    }

    static boolean isUnknownPatternType(byte code) {
        return isUnknown(PATTERN_TYPES, code);
    }

    static boolean isUnknownOperation(byte code) {
        return isUnknown(OPERATIONS, code);
    }

    static boolean isUnknownPermissionType(byte code) {
        return isUnknown(PERMISSION_TYPES, code);
    }

    private static boolean isUnknown(List<String> names, byte code) {
        return code <= 0 || code >= names.size();
    }

    private static String name(List<String> names, byte code) {
        return isUnknown(names, code) ? names.get(0) : names.get(code);
    }
}
