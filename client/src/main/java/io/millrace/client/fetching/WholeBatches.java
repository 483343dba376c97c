package io.millrace.client.fetching;

import io.millrace.records.BatchHeader;
import io.millrace.records.LegacyBatch;
import java.nio.ByteBuffer;

/**
 * How far fetched bytes are whole batches: brokers cut ranges of a log where it suits them. Only sizes and offsets are
 * looked at; whether the bytes are sound is seen when they are read.
 *
 * @param bytes that are whole batches
 * @param next where reading goes on behind them; of no meaning if there are none
 * @param rest why the bytes behind them are no batch; empty if they are none, or the beginning of one
 */
public record WholeBatches(int bytes, FetchPosition next, String rest) {
    /** Looks at bytes from their position to their limit, which stay where they are. */
    public static WholeBatches of(ByteBuffer bytes) {
        int at = bytes.position();
        long nextOffset = 0;
        int leaderEpoch = FetchPosition.NO_EPOCH;
        String rest = "";
        while (bytes.limit() - at >= LegacyBatch.SMALLEST_BYTES) {
            int bodyBytes = bytes.getInt(at + Long.BYTES);
            if (bodyBytes < LegacyBatch.SMALLEST_BYTES - BatchHeader.LOG_OVERHEAD) {
                rest = "a batch of " + bodyBytes + " bytes came";
                break;
            }
            if (bodyBytes > bytes.limit() - at - BatchHeader.LOG_OVERHEAD) break;
            int sizeBytes = BatchHeader.LOG_OVERHEAD + bodyBytes;
            boolean isLegacy = LegacyBatch.isLegacy(bytes, at);
            if (!isLegacy && sizeBytes < BatchHeader.HEADER_BYTES) {
                rest = "a batch of " + sizeBytes + " bytes came, less than a header";
                break;
            }
            long lastOffset = isLegacy ? LegacyBatch.lastOffset(bytes, at) : BatchHeader.lastOffset(bytes, at);
            if (lastOffset < 0 || lastOffset == Long.MAX_VALUE) {
                rest = "a batch with last offset " + lastOffset + " came";
                break;
            }
            nextOffset = lastOffset + 1;
            leaderEpoch = isLegacy ? FetchPosition.NO_EPOCH : BatchHeader.partitionLeaderEpoch(bytes, at);
            at += sizeBytes;
        }
        return new WholeBatches(at - bytes.position(), new FetchPosition(nextOffset, leaderEpoch), rest);
    }
}
