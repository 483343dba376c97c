package io.millrace.raft;

import io.millrace.protocol.Uuid;

/**
 * Who a replica of the metadata log is: node and log directory, so that a node with a wiped disk is somebody else
 * (KIP-853).
 *
 * @param id node id, from 0
 * @param directoryId id of its metadata log directory; {@link Uuid#ZERO} where it is not known, as in kraft.version 0
 */
public record ReplicaKey(int id, Uuid directoryId) implements Comparable<ReplicaKey> {
    /** Checks the id. */
    public ReplicaKey {
        if (id < 0) throw new IllegalArgumentException("replica id " + id + " is negative");
    }

    /** Whether the directory is known. */
    public boolean hasDirectory() {
        return !directoryId.equals(Uuid.ZERO);
    }

    /** Whether both name the same replica. Where either directory is not known the ids decide (kraft.version 0). */
    public boolean matches(ReplicaKey other) {
        if (id != other.id) return false;
        return !hasDirectory() || !other.hasDirectory() || directoryId.equals(other.directoryId);
    }

    /** By id, then by directory. */
    @Override
    public int compareTo(ReplicaKey other) {
        int byId = Integer.compare(id, other.id);
        return byId != 0 ? byId : directoryId.compareTo(other.directoryId);
    }

    @Override
    public String toString() {
        return hasDirectory() ? id + ":" + directoryId : Integer.toString(id);
    }
}
