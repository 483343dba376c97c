package io.millrace.storage;

import io.millrace.records.BatchHeader;
import io.millrace.records.InvalidBatch;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * Has a reader that knows only format 2 read what was written before there was one (ADR 35). Blocks, so it belongs on a disk helper;
 * it needs nothing but the range, which its owner releases afterwards.
 */
public sealed interface FormatConversion {
    /** The most that is made of one range, unless its first batch is larger; a reader asks again for what follows. */
    int LARGEST_BYTES = 1 << 20;

    /**
     * Everything is sound and of format 2 already: the range can be sent as it is.
     *
     * @param untilPosition no batch that begins before it is damaged or of an old format; for {@link FileRecords#noteSound}
     */
    record NotNeeded(long untilPosition) implements FormatConversion {}

    /**
     * The batches of the range from its first one on, up to damage if there is any; those of old formats as batches of format 2.
     *
     * @param batches     whole ones, from position 0 to the limit; none if not even the first was allowed
     * @param recordCount how many records were converted
     */
    record Converted(ByteBuffer batches, int recordCount) implements FormatConversion {}

    /**
     * Reads the batches of a range, and makes others of them if not all can be sent as they are: up to the first damaged one, and
     * those of old formats converted.
     *
     * @param maxBytes        what the batches may have together, from 0
     * @param atLeastOneBatch whether the first is wanted even if it is larger (KIP-74)
     * @throws CorruptLog         if the first batch is damaged or does not unpack; later ones end the result
     * @throws LogDirectoryFailed if the disk failed
     */
    static FormatConversion of(FileRecords range, int maxBytes, boolean atLeastOneBatch) {
        try {
            long unsound = FormatScan.firstUnsound(range);
            if (unsound < 0) return new NotNeeded(~unsound);
            return convert(range, Math.min(maxBytes, LARGEST_BYTES), atLeastOneBatch);
        } catch (IOException e) {
            throw new LogDirectoryFailed(range.file().path(), "read", e);
        }
    }

    private static Converted convert(FileRecords range, int maxBytes, boolean atLeastOneBatch) throws IOException {
        byte[] out = new byte[Math.min(Math.max(range.sizeBytes(), BatchHeader.HEADER_BYTES), LARGEST_BYTES)];
        int size = 0;
        int recordCount = 0;
        try (BatchReader reader = BatchReader.ofRange(range, FormatScan.IO_BYTES)) {
            while (next(reader, size == 0)) {
                int bytes = reader.sizeBytes();
                boolean isFree = size == 0 && atLeastOneBatch;
                if (bytes > maxBytes - size && !isFree) break;
                if (bytes > out.length - size)
                    out = Arrays.copyOf(out, Math.max(size + bytes, Math.min(2 * out.length, LARGEST_BYTES)));
                reader.buffer().get(reader.at(), out, size, bytes);
                size += bytes;
                if (reader.isConverted()) recordCount += BatchHeader.recordCount(reader.buffer(), reader.at());
            }
        }
        return new Converted(ByteBuffer.wrap(out, 0, size), recordCount);
    }

    private static boolean next(BatchReader reader, boolean isFirst) throws IOException {
        try {
            return reader.next();
        } catch (InvalidBatch malformed) {
            if (isFirst) throw new CorruptLog(reader.path(), reader.position(), String.valueOf(malformed.getMessage()));
            return false;
        } catch (CorruptLog damaged) {
            if (isFirst) throw damaged;
            return false;
        }
    }
}
