package io.millrace.storage;

import io.millrace.records.BatchCheck;
import io.millrace.records.BatchHeader;
import io.millrace.records.LegacyBatch;
import java.nio.ByteBuffer;

/** What a log wants to know of a batch it holds, of whichever format: 2, or 0 and 1 from brokers before 0.11 (ADR 25). */
final class StoredBatch {
    /** Bytes that say of every format what is asked here, if the batch has as many. */
    static final int HEADER_BYTES = BatchHeader.HEADER_BYTES;

    private static final int MAGIC_AT = 16;

    private StoredBatch() {}

    /** Whether a whole batch begins here; a piece too small to tell its format lacks what the smallest batch would need. */
    static BatchCheck check(ByteBuffer buffer, int at) {
        boolean isLegacy = buffer.limit() - at <= MAGIC_AT || LegacyBatch.isLegacy(buffer, at);
        return isLegacy ? LegacyBatch.check(buffer, at) : BatchHeader.check(buffer, at);
    }

    /** The first offset; of a compressed batch of format 0 or 1, which does not tell it, the last. */
    static long baseOffset(ByteBuffer buffer, int at) {
        return buffer.getLong(at);
    }

    static long lastOffset(ByteBuffer buffer, int at) {
        return LegacyBatch.isLegacy(buffer, at)
                ? LegacyBatch.lastOffset(buffer, at)
                : BatchHeader.lastOffset(buffer, at);
    }

    static long maxTimestamp(ByteBuffer buffer, int at) {
        return LegacyBatch.isLegacy(buffer, at)
                ? LegacyBatch.maxTimestamp(buffer, at)
                : BatchHeader.maxTimestamp(buffer, at);
    }

    static int leaderEpoch(ByteBuffer buffer, int at) {
        return LegacyBatch.isLegacy(buffer, at)
                ? BatchHeader.NO_LEADER_EPOCH
                : BatchHeader.partitionLeaderEpoch(buffer, at);
    }

    static long producerId(ByteBuffer buffer, int at) {
        return LegacyBatch.isLegacy(buffer, at) ? BatchHeader.NO_PRODUCER_ID : BatchHeader.producerId(buffer, at);
    }

    static boolean isControl(ByteBuffer buffer, int at) {
        return !LegacyBatch.isLegacy(buffer, at) && BatchHeader.isControl(buffer, at);
    }
}
