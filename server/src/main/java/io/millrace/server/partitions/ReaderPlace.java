package io.millrace.server.partitions;

/**
 * Where a consumer is that may be sent to a nearer replica than the leader's (KIP-392).
 *
 * @param rack     {@code client.rack}, not empty
 * @param listener by which it came, and would go to another broker
 */
public record ReaderPlace(String rack, String listener) {
    public ReaderPlace {
        if (rack.isEmpty()) throw new IllegalArgumentException("a place without a rack");
    }
}
