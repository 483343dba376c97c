package io.millrace.metadata;

import io.millrace.protocol.Uuid;
import java.util.Collections;
import java.util.List;

/** The directory ids that stand for something else than a directory (KIP-858). */
public final class DirectoryIds {
    /** The record is older than directory ids. */
    public static final Uuid MIGRATING = new Uuid(0, 0);

    /** The broker has not said yet where it put the replica. */
    public static final Uuid UNASSIGNED = new Uuid(0, 1);

    /** The broker lost the directory. */
    public static final Uuid LOST = new Uuid(0, 2);

    private static final long FIRST_FREE = 100;

    private DirectoryIds() {}

    /** Whether no directory may have this id: the first hundred are kept back. */
    public static boolean isReserved(Uuid id) {
        return id.mostSignificantBits() == 0
                && id.leastSignificantBits() >= 0
                && id.leastSignificantBits() < FIRST_FREE;
    }

    static List<Uuid> migrating(int count) {
        return Collections.nCopies(count, MIGRATING);
    }
}
