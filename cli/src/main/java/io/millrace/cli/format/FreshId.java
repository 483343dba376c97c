package io.millrace.cli.format;

import io.millrace.protocol.Uuid;
import java.util.function.LongSupplier;

/** Ids of clusters and directories, as Kafka makes them. */
public final class FreshId {
    private static final long VERSION_4 = 0x4000L;
    private static final long VERSION_MASK = 0xf000L;
    private static final long VARIANT = 0x8000_0000_0000_0000L;
    private static final long VARIANT_MASK = 0xc000_0000_0000_0000L;

    private FreshId() {}

    /**
     * A random UUID of version 4 that is none of the reserved ones and does not begin with a dash, which looks like an option.
     *
     * @param random gives 64 bits of chance each time
     */
    public static Uuid of(LongSupplier random) {
        while (true) {
            Uuid id = new Uuid(
                    (random.getAsLong() & ~VERSION_MASK) | VERSION_4, (random.getAsLong() & ~VARIANT_MASK) | VARIANT);
            if (!id.isReserved() && !id.toString().startsWith("-")) return id;
        }
    }
}
