package io.millrace.controller;

import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/** What a topic may be called. */
public final class TopicNames {
    /** Longest name, because a partition's directory has the name and a suffix. */
    public static final int MAX_LENGTH = 249;

    /** The metadata log, which is no topic that anybody can make. */
    public static final String CLUSTER_METADATA = "__cluster_metadata";

    private TopicNames() {}

    /** Why the name is not a topic's, in Kafka's wording; goes with {@code INVALID_TOPIC_EXCEPTION}. */
    public static Optional<String> refusal(String name) {
        if (name.isEmpty()) return Optional.of("Topic name is invalid: the empty string is not allowed");
        if (name.equals(".")) return Optional.of("Topic name is invalid: '.' is not allowed");
        if (name.equals("..")) return Optional.of("Topic name is invalid: '..' is not allowed");
        if (name.length() > MAX_LENGTH)
            return Optional.of("Topic name is invalid: the length of '" + name
                    + "' is longer than the max allowed length " + MAX_LENGTH);
        if (!name.chars().allMatch(TopicNames::isAllowed))
            return Optional.of("Topic name is invalid: '" + name
                    + "' contains one or more characters other than ASCII alphanumerics, '.', '_' and '-'");
        return Optional.empty();
    }

    private static boolean isAllowed(int c) {
        return (c >= 'a' && c <= 'z')
                || (c >= 'A' && c <= 'Z')
                || (c >= '0' && c <= '9')
                || c == '.'
                || c == '_'
                || c == '-';
    }

    /** Whether the name has a dot or an underscore, which metric names cannot tell apart. */
    static boolean canCollide(String name) {
        return name.indexOf('.') >= 0 || name.indexOf('_') >= 0;
    }

    /** For each name that can collide, under the form that it has in common with those it collides with. */
    static final class Collisions {
        private final Map<String, String> existingByForm = new HashMap<>();

        void add(String existing) {
            if (canCollide(existing))
                existingByForm.merge(form(existing), existing, (a, b) -> a.compareTo(b) < 0 ? a : b);
        }

        /** An existing topic that {@code name} would collide with. */
        Optional<String> with(String name) {
            return canCollide(name) ? Optional.ofNullable(existingByForm.get(form(name))) : Optional.empty();
        }

        private static String form(String name) {
            return name.replace('.', '_');
        }
    }
}
