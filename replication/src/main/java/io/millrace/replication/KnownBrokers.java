package io.millrace.replication;

import java.util.Optional;

/** What the cluster's metadata says of brokers, as a partition's leader has it at the moment. */
public interface KnownBrokers {
    /** In place of a broker epoch: not known, or not said. */
    long NO_EPOCH = -1;

    /** Whether a broker is registered, unfenced, and not about to stop, so that it may become in-sync (KIP-841). */
    boolean isActive(int brokerId);

    /** The epoch of a broker's registration, which differs for each of its lives (KIP-903); {@link #NO_EPOCH} if it has none. */
    long epochOf(int brokerId);

    /** The rack a broker says it is in. */
    Optional<String> rackOf(int brokerId);
}
