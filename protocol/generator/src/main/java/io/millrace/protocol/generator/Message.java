package io.millrace.protocol.generator;

import java.util.List;
import java.util.Map;

/**
 * One schema.
 *
 * @param origin          which jar it came from, such as {@code kafka-clients}
 * @param type            such as {@code request}
 * @param apiKey          its number; -1 if it has none
 * @param listeners       where the API is served; only requests have them
 * @param versions        the versions there are
 * @param flexible        the versions with tagged fields and compact lengths
 * @param lastIsUnstable  whether the last version is not for use yet
 * @param top             the message's own fields, under the message's name
 * @param structs         all others, by name, in the order they appear
 */
record Message(
        String origin,
        String type,
        int apiKey,
        List<String> listeners,
        Versions versions,
        Versions flexible,
        boolean lastIsUnstable,
        Struct top,
        Map<String, Struct> structs) {

    String name() {
        return top.name();
    }

    /** Whether the fields of this struct are the message's own. */
    boolean isTop(Struct struct) {
        return struct.name().equals(name());
    }

    Struct struct(WireType.Struct type) {
        Struct struct = structs.get(type.name());
        if (struct == null) throw new IllegalStateException(name() + " has no struct " + type.name());
        return struct;
    }

    /** Where the field's lengths are compact. */
    Versions flexible(Field field) {
        return field.flexible().intersect(flexible);
    }

    /** The name without what its kind adds to it: {@code FetchRequest} is {@code Fetch}. */
    String nameWithout(String suffix) {
        if (!name().endsWith(suffix)) throw new IllegalStateException(name() + " does not end in " + suffix);
        return name().substring(0, name().length() - suffix.length());
    }

    /** {@code OffsetForLeaderEpoch} as {@code OFFSET_FOR_LEADER_EPOCH}. */
    static String constantName(String camelCase) {
        StringBuilder constant = new StringBuilder();
        for (int i = 0; i < camelCase.length(); i++) {
            char c = camelCase.charAt(i);
            if (i > 0 && Character.isUpperCase(c) && !Character.isUpperCase(camelCase.charAt(i - 1)))
                constant.append('_');
            constant.append(Character.toUpperCase(c));
        }
        return constant.toString();
    }
}
