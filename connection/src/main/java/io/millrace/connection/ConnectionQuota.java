package io.millrace.connection;

import java.net.InetAddress;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * How many connections a node takes: in all ({@code max.connections}), from one address ({@code max.connections.per.ip}
 * with its overrides), and new ones per second ({@code max.connection.creation.rate}, KIP-612). One owner counts; others
 * ask it.
 */
public final class ConnectionQuota {
    /** A second's worth of new connections may come at once. */
    private static final double BURST_SECONDS = 1.0;

    /**
     * The bounds.
     *
     * @param maxConnections from 0
     * @param maxPerAddress from 0; 0 admits only the addresses that have an override
     * @param perAddressOverrides other bounds for certain addresses
     * @param maxNewPerSecond at least 1
     */
    public record Limits(
            int maxConnections, int maxPerAddress, Map<InetAddress, Integer> perAddressOverrides, int maxNewPerSecond) {
        /** Checks the ranges and keeps its own map. */
        public Limits {
            if (maxConnections < 0) throw new IllegalArgumentException("max.connections is " + maxConnections);
            if (maxPerAddress < 0) throw new IllegalArgumentException("max.connections.per.ip is " + maxPerAddress);
            if (maxNewPerSecond < 1) {
                throw new IllegalArgumentException("max.connection.creation.rate is " + maxNewPerSecond);
            }
            perAddressOverrides = Map.copyOf(perAddressOverrides);
        }
    }

    private final Map<InetAddress, Integer> openByAddress = new HashMap<>();
    private Limits limits;
    private int openConnections;
    private double tokens;
    private long tokensAtMs;

    /** No connection is open yet. */
    public ConnectionQuota(Limits limits, long nowMs) {
        this.limits = limits;
        this.tokens = limits.maxNewPerSecond() * BURST_SECONDS;
        this.tokensAtMs = nowMs;
    }

    /** Changes the bounds; connections above the new ones stay. */
    public void limit(Limits newLimits) {
        limits = newLimits;
        tokens = Math.min(tokens, newLimits.maxNewPerSecond() * BURST_SECONDS);
    }

    /**
     * A connection has come from this address. If admitted it is counted until {@link #closed}.
     *
     * @return why it is refused, as a sentence whose subject is the peer; empty if it is admitted
     */
    public Optional<String> refusal(InetAddress address, long nowMs) {
        refill(nowMs);
        int maxFromAddress = limits.perAddressOverrides().getOrDefault(address, limits.maxPerAddress());
        int fromAddress = openByAddress.getOrDefault(address, 0);
        if (openConnections >= limits.maxConnections()) {
            return Optional.of("found all " + limits.maxConnections() + " connections in use (max.connections)");
        }
        if (fromAddress >= maxFromAddress) {
            return Optional.of("has " + fromAddress + " connections open already, the most allowed from one address is "
                    + maxFromAddress + " (max.connections.per.ip)");
        }
        if (tokens < 1) {
            return Optional.of("came while more than " + limits.maxNewPerSecond()
                    + " connections per second were being made (max.connection.creation.rate)");
        }
        tokens--;
        openConnections++;
        openByAddress.put(address, fromAddress + 1);
        return Optional.empty();
    }

    /**
     * An admitted connection from this address has ended.
     *
     * @throws IllegalStateException if none is open
     */
    public void closed(InetAddress address) {
        Integer fromAddress = openByAddress.get(address);
        if (fromAddress == null) throw new IllegalStateException("no connection from " + address + " is open");
        openConnections--;
        if (fromAddress == 1) openByAddress.remove(address);
        else openByAddress.put(address, fromAddress - 1);
    }

    /** Connections admitted and not closed. */
    public int openConnections() {
        return openConnections;
    }

    private void refill(long nowMs) {
        double earned = (nowMs - tokensAtMs) / 1000.0 * limits.maxNewPerSecond();
        tokens = Math.min(tokens + earned, limits.maxNewPerSecond() * BURST_SECONDS);
        tokensAtMs = nowMs;
    }
}
