package io.millrace.raft;

import java.util.List;

/**
 * One voter of the metadata quorum.
 *
 * @param key who it is
 * @param endpoints where it is reached, by controller listener name, in the order of the record
 * @param minKraftVersion lowest kraft.version it supports
 * @param maxKraftVersion highest kraft.version it supports
 */
public record Voter(ReplicaKey key, List<Endpoint> endpoints, short minKraftVersion, short maxKraftVersion) {
    /** Copies the endpoints. */
    public Voter {
        endpoints = List.copyOf(endpoints);
    }

    /** Whether this voter and a replica are the same one. */
    public boolean is(ReplicaKey replica) {
        return key.matches(replica);
    }

    /**
     * An address of a voter.
     *
     * @param listener name of the controller listener
     * @param port from 0 to 65535
     */
    public record Endpoint(String listener, String host, int port) {
        /** Checks the port. */
        public Endpoint {
            if (port < 0 || port > 65535) throw new IllegalArgumentException("port " + port + " of " + host);
        }
    }
}
