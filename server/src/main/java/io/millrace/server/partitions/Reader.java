package io.millrace.server.partitions;

import org.jspecify.annotations.Nullable;

/**
 * Where a fetch may be served (KIP-392).
 *
 * @param mayReadAtFollowers whether also by a replica that follows, up to the high watermark that it knows
 * @param place where a consumer is that leaders send to a nearer replica; null for whoever reads where it asks
 */
public record Reader(boolean mayReadAtFollowers, @Nullable Place place) {
    /** Followers, and consumers too old for anything else. */
    public static final Reader AT_LEADERS = new Reader(false, null);

    /** A consumer that has not said where it is, or is not asked. */
    public static final Reader AT_ANY_REPLICA = new Reader(true, null);

    /**
     * Where a consumer is.
     *
     * @param rack     {@code client.rack}, not empty
     * @param listener by which it came, and would go to another broker
     */
    public record Place(String rack, String listener) {
        public Place {
            if (rack.isEmpty()) throw new IllegalArgumentException("a place without a rack");
        }
    }
}
