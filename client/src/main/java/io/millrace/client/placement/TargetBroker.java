package io.millrace.client.placement;

/**
 * A broker that may have replicas.
 *
 * @param rack empty if it says none; brokers without one count as of one rack
 * @param takesReplicas whether it may get new ones, and so be named to lead; what it has may stay in any case
 */
public record TargetBroker(int id, String rack, boolean takesReplicas) {
    /** Checks the id. */
    public TargetBroker {
        if (id < 0) throw new IllegalArgumentException("broker id " + id + " is negative");
    }
}
