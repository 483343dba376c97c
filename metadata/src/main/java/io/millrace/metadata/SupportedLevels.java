package io.millrace.metadata;

/** The levels of one feature that a node supports, both ends included. */
public record SupportedLevels(short min, short max) {
    /** Whether the node can run at {@code level}; level 0 is always possible, it turns the feature off. */
    public boolean include(int level) {
        return level == 0 || (level >= min && level <= max);
    }
}
