package io.millrace.storage;

import io.millrace.protocol.ErrorCode;
import io.millrace.records.BatchCheck;
import io.millrace.records.BatchHeader;
import io.millrace.records.Compression;
import io.millrace.records.InvalidBatch;
import io.millrace.records.LegacyBatch;
import io.millrace.records.RecordWalk;
import io.millrace.records.TimestampType;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Whether batches may go into a log, apart from what their producers did before. Compressed batches of clients are judged
 * by header and CRC and unpacked only where a property needs the records: keys for compaction, time stamps for
 * {@code message.timestamp.before.max.ms}. Guarded by {@code AppendBenchmark}.
 */
final class AppendCheck {
    /** How many bad records a refusal names in its message, as in Kafka. */
    private static final int RECORDS_IN_MESSAGE = 3;

    /** Batches from replication that reach further are appended one by one: a segment counts offsets in 32 bits. */
    private static final long MOST_OFFSETS_AT_ONCE = Integer.MAX_VALUE;

    private AppendCheck() {}

    /**
     * Checks all batches from position to limit. A cut or too new batch from replication ends the range: the limit is set
     * before it. Time stamps of clients are set in place.
     *
     * @return why nothing may be appended, or null
     */
    static AppendOutcome.@Nullable Refused check(
            ByteBuffer batches,
            AppendOrigin origin,
            LogConfig config,
            int leaderEpoch,
            long logEndOffset,
            long wallMs) {
        return switch (origin) {
            case CLIENT -> checkClient(batches, config, wallMs);
            case COORDINATOR -> checkCoordinator(batches, config, wallMs);
            case REPLICATION -> checkReplicated(batches, leaderEpoch, logEndOffset);
            case RAFT_LEADER -> checkRaft(batches, leaderEpoch);
        };
    }

    /** Whether the records get the broker's time. */
    static boolean stampsAppendTime(AppendOrigin origin, LogConfig config) {
        return config.timestampType() == TimestampType.LOG_APPEND_TIME
                && (origin == AppendOrigin.CLIENT || origin == AppendOrigin.COORDINATOR);
    }

    private static AppendOutcome.@Nullable Refused checkClient(ByteBuffer batches, LogConfig config, long wallMs) {
        int at = batches.position();
        if (batches.remaining() < BatchHeader.HEADER_BYTES)
            return invalid("A produce request carries exactly one whole batch per partition");
        byte magic = BatchHeader.magic(batches, at);
        if (magic != BatchHeader.MAGIC) return invalid("Batches have magic 2, this one has " + magic);
        AppendOutcome.Refused tooLarge = checkSize(BatchHeader.sizeBytes(batches, at), config);
        if (tooLarge != null) return tooLarge;
        switch (BatchHeader.check(batches, at)) {
            case BatchCheck.Torn(int missing) -> {
                return invalid("The batch lacks " + missing + " bytes");
            }
            case BatchCheck.Corrupt(String why) -> {
                return new AppendOutcome.Refused(ErrorCode.CORRUPT_MESSAGE, why);
            }
            case BatchCheck.Whole(int sizeBytes) -> {
                if (sizeBytes < batches.remaining())
                    return invalid("A produce request carries exactly one batch per partition, "
                            + (batches.remaining() - sizeBytes) + " bytes follow it");
            }
        }
        AppendOutcome.Refused refused = checkClientHeader(batches, at);
        return refused != null ? refused : checkRecords(batches, at, config, wallMs);
    }

    private static AppendOutcome.@Nullable Refused checkClientHeader(ByteBuffer batches, int at) {
        long baseOffset = BatchHeader.baseOffset(batches, at);
        if (baseOffset != 0) return invalid("The base offset of a batch to append is 0, this one has " + baseOffset);
        int recordCount = BatchHeader.recordCount(batches, at);
        int lastOffsetDelta = BatchHeader.lastOffsetDelta(batches, at);
        if (recordCount < 1) return invalid("The batch has " + recordCount + " records, want at least 1");
        if (lastOffsetDelta != recordCount - 1)
            return invalid(
                    "The last offset delta " + lastOffsetDelta + " contradicts the number of records " + recordCount);
        if (BatchHeader.isControl(batches, at)) return invalid("Clients may not write control batches");
        if (BatchHeader.hasProducerId(batches, at) && BatchHeader.baseSequence(batches, at) < 0)
            return invalid("A batch with a producer id has a base sequence of 0 or more, this one has "
                    + BatchHeader.baseSequence(batches, at));
        int codec = BatchHeader.compressionId(batches, at);
        if (Compression.forId(codec).isEmpty())
            return new AppendOutcome.Refused(ErrorCode.UNSUPPORTED_COMPRESSION_TYPE, "No codec has the id " + codec);
        return null;
    }

    private static AppendOutcome.@Nullable Refused checkRecords(
            ByteBuffer batches, int at, LogConfig config, long wallMs) {
        boolean createTime = config.timestampType() == TimestampType.CREATE_TIME;
        if (createTime && BatchHeader.timestampType(batches, at) != TimestampType.CREATE_TIME)
            return new AppendOutcome.Refused(
                    ErrorCode.INVALID_TIMESTAMP, "Producers do not set the time stamp type to LogAppendTime");
        boolean needsRecords = !BatchHeader.isCompressed(batches, at)
                || config.isCompacting()
                || (createTime && config.timestampBeforeMaxMs() != Long.MAX_VALUE);
        if (!needsRecords) return checkHeaderTimestamp(batches, at, config, wallMs);
        List<RecordError> errors = new ArrayList<>(0);
        ErrorCode error = ErrorCode.INVALID_RECORD;
        long newest = BatchHeader.NO_TIMESTAMP;
        try {
            RecordWalk walk = new RecordWalk(config.decompressionLimit());
            walk.begin(batches, at);
            while (walk.next()) {
                if (walk.offsetDelta() != walk.index())
                    return invalid("Record " + walk.index() + " has offset delta " + walk.offsetDelta());
                long timestamp = walk.ownTimestamp();
                newest = Math.max(newest, timestamp);
                if (config.isCompacting() && !walk.hasKey()) {
                    errors.add(new RecordError(walk.index(), "A compacted topic takes no record without a key"));
                } else if (createTime && isOutOfBounds(timestamp, config, wallMs)) {
                    if (errors.isEmpty()) error = ErrorCode.INVALID_TIMESTAMP;
                    errors.add(new RecordError(walk.index(), outOfBounds(timestamp, config, wallMs)));
                }
            }
        } catch (InvalidBatch malformed) {
            return invalid(String.valueOf(malformed.getMessage()));
        }
        if (!errors.isEmpty()) return new AppendOutcome.Refused(error, summary(errors), errors);
        setTimestamp(batches, at, createTime ? newest : wallMs, config);
        return null;
    }

    private static AppendOutcome.@Nullable Refused checkHeaderTimestamp(
            ByteBuffer batches, int at, LogConfig config, long wallMs) {
        if (config.timestampType() == TimestampType.LOG_APPEND_TIME) {
            setTimestamp(batches, at, wallMs, config);
            return null;
        }
        long newest = BatchHeader.maxTimestamp(batches, at);
        return isOutOfBounds(newest, config, wallMs)
                ? new AppendOutcome.Refused(ErrorCode.INVALID_TIMESTAMP, outOfBounds(newest, config, wallMs))
                : null;
    }

    /** Costs a second CRC, so only where the header does not say so already. */
    private static void setTimestamp(ByteBuffer batches, int at, long newest, LogConfig config) {
        if (BatchHeader.maxTimestamp(batches, at) != newest
                || BatchHeader.timestampType(batches, at) != config.timestampType())
            BatchHeader.setMaxTimestamp(batches, at, config.timestampType(), newest);
    }

    private static boolean isOutOfBounds(long timestamp, LogConfig config, long wallMs) {
        return timestamp != BatchHeader.NO_TIMESTAMP
                && (timestamp - wallMs > config.timestampAfterMaxMs()
                        || wallMs - timestamp > config.timestampBeforeMaxMs());
    }

    private static String outOfBounds(long timestamp, LogConfig config, long wallMs) {
        return "Time stamp " + timestamp + " is out of range: the broker's time is " + wallMs + ", allowed are "
                + config.timestampBeforeMaxMs() + " ms before and " + config.timestampAfterMaxMs() + " ms after";
    }

    private static String summary(List<RecordError> errors) {
        return errors.size() + " records were refused, the first are: "
                + errors.subList(0, Math.min(RECORDS_IN_MESSAGE, errors.size()));
    }

    static AppendOutcome.@Nullable Refused checkSize(int sizeBytes, LogConfig config) {
        if (sizeBytes > config.maxMessageBytes())
            return new AppendOutcome.Refused(
                    ErrorCode.MESSAGE_TOO_LARGE,
                    "The batch has " + sizeBytes + " bytes, max.message.bytes is " + config.maxMessageBytes());
        if (sizeBytes > config.segmentBytes())
            return new AppendOutcome.Refused(
                    ErrorCode.RECORD_LIST_TOO_LARGE,
                    "The batch has " + sizeBytes + " bytes, segment.bytes is " + config.segmentBytes());
        return null;
    }

    private static AppendOutcome.@Nullable Refused checkCoordinator(ByteBuffer batches, LogConfig config, long wallMs) {
        for (int at = batches.position(); at < batches.limit(); at += BatchHeader.sizeBytes(batches, at)) {
            AppendOutcome.Refused refused = checkWhole(batches, at);
            if (refused == null) refused = checkSize(BatchHeader.sizeBytes(batches, at), config);
            if (refused != null) return refused;
            if (config.timestampType() == TimestampType.LOG_APPEND_TIME) setTimestamp(batches, at, wallMs, config);
        }
        return null;
    }

    private static AppendOutcome.@Nullable Refused checkRaft(ByteBuffer batches, int leaderEpoch) {
        for (int at = batches.position(); at < batches.limit(); at += BatchHeader.sizeBytes(batches, at)) {
            AppendOutcome.Refused refused = checkWhole(batches, at);
            if (refused != null) return refused;
            int epoch = BatchHeader.partitionLeaderEpoch(batches, at);
            if (epoch != leaderEpoch)
                return invalid("The batch has leader epoch " + epoch + ", the leader's is " + leaderEpoch);
        }
        return null;
    }

    private static AppendOutcome.@Nullable Refused checkWhole(ByteBuffer batches, int at) {
        return switch (BatchHeader.check(batches, at)) {
            case BatchCheck.Whole whole ->
                BatchHeader.contradiction(batches, at).map(AppendCheck::invalid).orElse(null);
            case BatchCheck.Torn(int missing) ->
                new AppendOutcome.Refused(ErrorCode.CORRUPT_MESSAGE, "The batch lacks " + missing + " bytes");
            case BatchCheck.Corrupt(String why) -> new AppendOutcome.Refused(ErrorCode.CORRUPT_MESSAGE, why);
        };
    }

    /** Of any format, as the leader's log has them. */
    private static AppendOutcome.@Nullable Refused checkReplicated(
            ByteBuffer batches, int leaderEpoch, long logEndOffset) {
        long next = logEndOffset;
        int newestEpoch = -1;
        for (int at = batches.position(); at < batches.limit(); ) {
            switch (StoredBatch.check(batches, at)) {
                case BatchCheck.Torn torn -> {
                    batches.limit(at);
                    return null;
                }
                case BatchCheck.Corrupt(String why) -> {
                    return new AppendOutcome.Refused(ErrorCode.CORRUPT_MESSAGE, why);
                }
                case BatchCheck.Whole(int sizeBytes) -> {
                    boolean isLegacy = LegacyBatch.isLegacy(batches, at);
                    int epoch = isLegacy ? newestEpoch : BatchHeader.partitionLeaderEpoch(batches, at);
                    long baseOffset = BatchHeader.baseOffset(batches, at);
                    long lastOffset = StoredBatch.lastOffset(batches, at);
                    if (epoch > leaderEpoch
                            || (at > batches.position() && lastOffset - logEndOffset > MOST_OFFSETS_AT_ONCE)) {
                        batches.limit(at);
                        return null;
                    }
                    if (baseOffset < next)
                        return new AppendOutcome.Refused(
                                ErrorCode.OFFSET_OUT_OF_RANGE,
                                "A batch begins at offset " + baseOffset + ", the log has come to " + next);
                    if (lastOffset < baseOffset || lastOffset == Long.MAX_VALUE || epoch < newestEpoch)
                        return new AppendOutcome.Refused(
                                ErrorCode.CORRUPT_MESSAGE,
                                "The batch at offset " + baseOffset + " ends before it begins, or its leader epoch "
                                        + epoch + " follows " + newestEpoch);
                    newestEpoch = epoch;
                    next = lastOffset + 1;
                    at += sizeBytes;
                }
            }
        }
        return null;
    }

    private static AppendOutcome.Refused invalid(String message) {
        return new AppendOutcome.Refused(ErrorCode.INVALID_RECORD, message);
    }
}
