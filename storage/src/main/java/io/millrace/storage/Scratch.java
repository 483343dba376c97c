package io.millrace.storage;

import java.nio.ByteBuffer;

/**
 * Two small buffers per thread for looking into files, so that a lookup allocates nothing. Their content is not kept
 * across calls into another class of this package.
 */
final class Scratch {
    /** Enough for a block of 512 offset index entries. */
    private static final int ENTRY_BLOCK_BYTES = 4096;

    /** Enough for the batches between two index entries at the default interval, in most cases. */
    private static final int HEADER_BLOCK_BYTES = 8192;

    private static final ThreadLocal<Scratch> OF_THREAD = ThreadLocal.withInitial(Scratch::new);

    private final ByteBuffer entries = ByteBuffer.allocateDirect(ENTRY_BLOCK_BYTES);
    private final ByteBuffer headers = ByteBuffer.allocateDirect(HEADER_BLOCK_BYTES);

    private Scratch() {}

    /** For index entries. */
    static ByteBuffer entries() {
        return OF_THREAD.get().entries;
    }

    /** For batch headers. */
    static ByteBuffer headers() {
        return OF_THREAD.get().headers;
    }
}
