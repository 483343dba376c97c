package io.millrace.storage;

import io.millrace.records.Compression;
import org.jspecify.annotations.Nullable;

/**
 * How a topic wants its batches stored: {@code compression.type} and {@code compression.<codec>.level} (KIP-390).
 *
 * @param codec null for {@code producer}: as the producer packed them
 * @param level used only where batches are packed anew; the level of a batch that comes with the right codec stays
 */
public record BrokerCompression(@Nullable Compression codec, int level) {
    /** Batches stay as they come. */
    public static final BrokerCompression PRODUCER = new BrokerCompression(null, 0);

    /** Whether a batch of this compression id is to be packed anew. */
    public boolean changes(int compressionId) {
        return codec != null && codec.id() != compressionId;
    }
}
