package io.millrace.storage;

import io.millrace.protocol.ErrorCode;
import io.millrace.records.BatchCheck;
import io.millrace.records.BatchContents;
import io.millrace.records.BatchHeader;
import io.millrace.records.Compression;
import io.millrace.records.CompressionUnavailable;
import io.millrace.records.DecompressionLimit;
import io.millrace.records.InvalidBatch;
import io.millrace.records.Recompression;
import io.millrace.records.RecordWalk;
import java.nio.ByteBuffer;

/**
 * What a batch of a client needs before it is appended that takes long: packing anew for {@code compression.type}, and
 * unpacking where {@code max.decompressed.message.bytes} limits the records of compressed batches. Needs nothing of the log
 * but its properties, so that the owner can have it done elsewhere; everything else is judged by the append.
 */
public sealed interface BatchPreparation {
    /**
     * The batch may be appended.
     *
     * @param batch          the one given, or a new one with the same offsets, time stamps, producer and records
     * @param wasRecompressed whether it is a new one
     */
    record Ready(ByteBuffer batch, boolean wasRecompressed) implements BatchPreparation {}

    /** The batch may not be appended. */
    record Refused(AppendOutcome.Refused refusal) implements BatchPreparation {}

    /**
     * Whether there is anything to do; looks at a few bytes of the header only.
     *
     * @param batch a client's bytes from position to limit, of whatever kind
     */
    static boolean isNeeded(ByteBuffer batch, LogConfig config) {
        if (config.compression().codec() == null && !config.limitsUnpackedRecords()) return false;
        int at = batch.position();
        if (batch.remaining() < BatchHeader.HEADER_BYTES || BatchHeader.magic(batch, at) != BatchHeader.MAGIC)
            return false;
        int codec = BatchHeader.compressionId(batch, at);
        boolean limits = config.limitsUnpackedRecords() && codec != Compression.NONE.id();
        return limits || config.compression().changes(codec);
    }

    /**
     * Does it. A batch that an append would refuse for its outside is given back as it is; one with bad records is refused
     * here, since nobody looks at them again.
     *
     * @param batch not changed; its position and limit move meanwhile, and back
     */
    static BatchPreparation of(ByteBuffer batch, LogConfig config) {
        int at = batch.position();
        boolean isWhole = BatchHeader.check(batch, at) instanceof BatchCheck.Whole(int sizeBytes)
                && sizeBytes == batch.remaining()
                && AppendCheck.checkSize(sizeBytes, config) == null;
        if (!isWhole || BatchHeader.contradiction(batch, at).isPresent() || BatchHeader.isControl(batch, at))
            return new Ready(batch, false);
        try {
            RecordWalk walk = new RecordWalk(config.decompressionLimit());
            switch (walk.validate(batch, at)) {
                case BatchContents.Faulty(String why) -> {
                    return refused(ErrorCode.INVALID_RECORD, why);
                }
                case BatchContents.Sound sound -> {
                    if (!sound.offsetsAreDense())
                        return refused(ErrorCode.INVALID_RECORD, "The records' offsets are not one after the other");
                }
            }
            Compression target = config.compression().codec();
            if (target == null || target.id() == BatchHeader.compressionId(batch, at)) return new Ready(batch, false);
            return new Ready(
                    Recompression.of(batch, at, target, config.compression().level(), DecompressionLimit.DEFAULT),
                    true);
        } catch (InvalidBatch tooLarge) {
            return refused(ErrorCode.INVALID_RECORD, String.valueOf(tooLarge.getMessage()));
        } catch (CompressionUnavailable unavailable) {
            return refused(ErrorCode.UNSUPPORTED_COMPRESSION_TYPE, String.valueOf(unavailable.getMessage()));
        }
    }

    private static Refused refused(ErrorCode error, String message) {
        return new Refused(new AppendOutcome.Refused(error, message));
    }
}
