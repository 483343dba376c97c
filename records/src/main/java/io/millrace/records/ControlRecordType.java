package io.millrace.records;

import java.util.Optional;

/** What a control record is about; its id is in the record's key. */
public enum ControlRecordType {
    /** A transaction ends, and nothing of it counts (KIP-98). */
    ABORT(0),
    /** A transaction ends, and all of it counts (KIP-98). */
    COMMIT(1),
    /** A leader of the metadata log begins its epoch (KIP-595). */
    LEADER_CHANGE(2),
    /** The first record of a snapshot (KIP-630). */
    SNAPSHOT_HEADER(3),
    /** The last record of a snapshot (KIP-630). */
    SNAPSHOT_FOOTER(4),
    /** The version of the metadata quorum's own protocol (KIP-853). */
    KRAFT_VERSION(5),
    /** The voters of the metadata quorum (KIP-853). */
    KRAFT_VOTERS(6);

    private static final ControlRecordType[] BY_ID = values();

    private final int id;

    ControlRecordType(int id) {
        this.id = id;
    }

    /** The number in the key. */
    public short id() {
        return (short) id;
    }

    /** The type of a number; none for those a later version may have added, which readers skip. */
    public static Optional<ControlRecordType> forId(int id) {
        return id >= 0 && id < BY_ID.length ? Optional.of(BY_ID[id]) : Optional.empty();
    }
}
