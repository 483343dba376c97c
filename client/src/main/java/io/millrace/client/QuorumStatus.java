package io.millrace.client;

import io.millrace.protocol.Uuid;
import java.util.List;

/**
 * The metadata quorum as its leader sees it (KIP-595, 836, 853).
 *
 * @param leaderId the controller that leads
 * @param leaderEpoch the epoch it leads
 * @param highWatermark everything below is committed
 * @param voters controllers that vote, by id
 * @param observers nodes that follow the metadata log without a vote, by id: brokers, and controllers that were not added
 */
public record QuorumStatus(
        int leaderId, int leaderEpoch, long highWatermark, List<Replica> voters, List<Replica> observers) {
    /** Copies the lists. */
    public QuorumStatus {
        voters = List.copyOf(voters);
        observers = List.copyOf(observers);
    }

    /**
     * A replica of the metadata log.
     *
     * @param directoryId of its log directory; {@link Uuid#ZERO} where the cluster does not tell
     * @param logEndOffset its next offset, -1 if not known
     * @param lastFetchMs when it last fetched, in ms since the epoch; -1 if not known
     * @param lastCaughtUpMs when it last had all of the leader's log, as above
     * @param endpoints where it is reached; of observers, and before 3.9, none are told
     */
    public record Replica(
            int id,
            Uuid directoryId,
            long logEndOffset,
            long lastFetchMs,
            long lastCaughtUpMs,
            List<HostAndPort> endpoints) {
        /** Copies the list. */
        public Replica {
            endpoints = List.copyOf(endpoints);
        }
    }
}
