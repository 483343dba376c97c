package io.millrace.coordinators.shard;

import io.millrace.protocol.CoordinatorKey;
import io.millrace.protocol.CoordinatorValue;
import org.jspecify.annotations.Nullable;

/**
 * One record of a coordinator's topic.
 *
 * @param value null in a tombstone
 * @param valueVersion the version to write the value at; -1 in a tombstone
 */
public record CoordinatorRecord(
        CoordinatorKey key, @Nullable CoordinatorValue value, int valueVersion) {
    /** A record that sets a value. */
    public static CoordinatorRecord of(CoordinatorKey key, CoordinatorValue value, int valueVersion) {
        return new CoordinatorRecord(key, value, valueVersion);
    }

    /** A record that takes a key's value away. */
    public static CoordinatorRecord tombstone(CoordinatorKey key) {
        return new CoordinatorRecord(key, null, -1);
    }
}
