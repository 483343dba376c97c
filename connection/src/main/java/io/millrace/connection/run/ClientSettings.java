package io.millrace.connection.run;

import io.millrace.connection.sasl.SaslLogin;
import org.jspecify.annotations.Nullable;

/**
 * How a client converses. Durations are in milliseconds.
 *
 * @param clientId what it calls itself, {@code client.id}
 * @param softwareName what it is, told with ApiVersions (KIP-511): letters, digits, dots and hyphens
 * @param softwareVersion its version, in the same letters
 * @param connectMs how long connecting and asking for versions may take together
 * @param requestMs how long an answer may take, {@code request.timeout.ms}
 * @param maxResponseBytes longest answer it takes
 * @param maxRequestsInFlight requests handed in and not answered
 * @param login how it logs in before anything else is asked; null if it does not
 */
public record ClientSettings(
        String clientId,
        String softwareName,
        String softwareVersion,
        long connectMs,
        long requestMs,
        int maxResponseBytes,
        int maxRequestsInFlight,
        @Nullable SaslLogin login) {
    /** Checks the ranges. */
    public ClientSettings {
        if (connectMs < 1) throw new IllegalArgumentException("connectMs is " + connectMs);
        if (requestMs < 1) throw new IllegalArgumentException("requestMs is " + requestMs);
        if (maxResponseBytes < 1) throw new IllegalArgumentException("maxResponseBytes is " + maxResponseBytes);
        if (maxRequestsInFlight < 1) throw new IllegalArgumentException("maxRequestsInFlight " + maxRequestsInFlight);
    }

    /** Settings of a client that does not log in. */
    public ClientSettings(
            String clientId,
            String softwareName,
            String softwareVersion,
            long connectMs,
            long requestMs,
            int maxResponseBytes,
            int maxRequestsInFlight) {
        this(
                clientId,
                softwareName,
                softwareVersion,
                connectMs,
                requestMs,
                maxResponseBytes,
                maxRequestsInFlight,
                null);
    }

    /** The same for a client that logs in; null for one that does not. */
    public ClientSettings withLogin(@Nullable SaslLogin how) {
        return new ClientSettings(
                clientId,
                softwareName,
                softwareVersion,
                connectMs,
                requestMs,
                maxResponseBytes,
                maxRequestsInFlight,
                how);
    }

    /** Settings with the usual limits: 10 s to connect, 30 s for an answer, 100 MiB, 100 requests. */
    public static ClientSettings named(String clientId) {
        return new ClientSettings(clientId, "millrace", "0.1.0", 10_000, 30_000, 100 * 1024 * 1024, 100);
    }
}
