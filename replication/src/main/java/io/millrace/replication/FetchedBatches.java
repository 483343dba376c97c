package io.millrace.replication;

import io.millrace.records.BatchHeader;
import io.millrace.records.LegacyBatch;
import java.nio.ByteBuffer;

/**
 * What a follower was sent of a leader's log, as headers say: which offsets the whole batches reach over. Nothing is unpacked and no checksum
 * computed; the log does that when it appends.
 *
 * @param firstOffset first offset of the first whole batch; where the fetch began if there is none, or if the first does not tell, as compressed
 *                    ones of format 0 and 1 do not
 * @param nextOffset  the offset after the last whole batch; where the fetch began if there is none
 * @param isBroken    whether bytes that are no batch come before the first whole one
 */
public record FetchedBatches(long firstOffset, long nextOffset, boolean isBroken) {
    /**
     * Reads headers. A cut batch ends the range, as leaders cut where a limit wants it; so does one of a later epoch than the leadership that
     * was asked, as the leader has changed while it answered (KAFKA-18723).
     *
     * @param bytes       from position to limit; neither moves
     * @param fetchOffset where the fetch began
     * @param leaderEpoch of the leadership that was asked
     */
    public static FetchedBatches of(ByteBuffer bytes, long fetchOffset, int leaderEpoch) {
        long firstOffset = fetchOffset;
        long nextOffset = fetchOffset;
        int at = bytes.position();
        boolean isFirst = true;
        while (bytes.limit() - at >= LegacyBatch.SMALLEST_BYTES) {
            boolean isLegacy = LegacyBatch.isLegacy(bytes, at);
            int smallestBytes = isLegacy ? LegacyBatch.SMALLEST_BYTES : BatchHeader.HEADER_BYTES;
            int bodyBytes = bytes.getInt(at + Long.BYTES);
            if (bodyBytes < smallestBytes - BatchHeader.LOG_OVERHEAD)
                return new FetchedBatches(firstOffset, nextOffset, isFirst);
            if (bodyBytes > bytes.limit() - at - BatchHeader.LOG_OVERHEAD) break;
            if (!isLegacy && BatchHeader.partitionLeaderEpoch(bytes, at) > leaderEpoch) break;
            long baseOffset = isLegacy ? fetchOffset : BatchHeader.baseOffset(bytes, at);
            long lastOffset = isLegacy ? LegacyBatch.lastOffset(bytes, at) : BatchHeader.lastOffset(bytes, at);
            if (baseOffset < 0 || lastOffset < baseOffset || lastOffset == Long.MAX_VALUE)
                return new FetchedBatches(firstOffset, nextOffset, isFirst);
            if (isFirst) firstOffset = baseOffset;
            isFirst = false;
            nextOffset = lastOffset + 1;
            at += BatchHeader.LOG_OVERHEAD + bodyBytes;
        }
        return new FetchedBatches(firstOffset, nextOffset, false);
    }
}
