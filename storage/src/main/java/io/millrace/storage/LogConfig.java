package io.millrace.storage;

import io.millrace.records.Compression;
import io.millrace.records.DecompressionLimit;
import io.millrace.records.TimestampType;
import java.util.LinkedHashSet;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/**
 * The topic properties that a log obeys. Sizes in bytes, periods in milliseconds.
 *
 * @param segmentBytes                {@code segment.bytes}: a segment is rolled before it grows beyond
 * @param segmentMs                   {@code segment.ms}: or when its first record is this much older than the newest
 * @param segmentJitterMs             {@code segment.jitter.ms}: upper bound of what is taken off that, per segment
 * @param segmentIndexBytes           {@code segment.index.bytes}: or when an index has this size
 * @param indexIntervalBytes          {@code index.interval.bytes}: bytes of batches between two index entries
 * @param retentionMs                 {@code retention.ms}; -1 keeps for ever
 * @param retentionBytes              {@code retention.bytes}; -1 keeps everything
 * @param maxMessageBytes             {@code max.message.bytes}: largest batch a client may append
 * @param timestampType               {@code message.timestamp.type}
 * @param timestampBeforeMaxMs        {@code message.timestamp.before.max.ms} (KIP-937)
 * @param timestampAfterMaxMs         {@code message.timestamp.after.max.ms} (KIP-937)
 * @param fileDeleteDelayMs           {@code file.delete.delay.ms}
 * @param compression                 {@code compression.type} with the level of its codec
 * @param flushMessages               {@code flush.messages}: records after which a flush is due
 * @param flushMs                     {@code flush.ms}: time after which unflushed records are due
 * @param forcesAcks                  {@code millrace.acks.forced}: whether records are acknowledged, and shown, only once
 *                                    they are forced
 * @param isDeleting                  whether {@code cleanup.policy} holds {@code delete}
 * @param isCompacting                whether {@code cleanup.policy} holds {@code compact}
 * @param minCleanableDirtyRatio      {@code min.cleanable.dirty.ratio}
 * @param minCompactionLagMs          {@code min.compaction.lag.ms}
 * @param maxCompactionLagMs          {@code max.compaction.lag.ms}
 * @param deleteRetentionMs           {@code delete.retention.ms}
 * @param maxDecompressedMessageBytes {@code max.decompressed.message.bytes}: what a record of a compressed batch may
 *                                    have, where the broker unpacks it
 */
public record LogConfig(
        int segmentBytes,
        long segmentMs,
        long segmentJitterMs,
        int segmentIndexBytes,
        int indexIntervalBytes,
        long retentionMs,
        long retentionBytes,
        int maxMessageBytes,
        TimestampType timestampType,
        long timestampBeforeMaxMs,
        long timestampAfterMaxMs,
        long fileDeleteDelayMs,
        BrokerCompression compression,
        long flushMessages,
        long flushMs,
        boolean forcesAcks,
        boolean isDeleting,
        boolean isCompacting,
        double minCleanableDirtyRatio,
        long minCompactionLagMs,
        long maxCompactionLagMs,
        long deleteRetentionMs,
        int maxDecompressedMessageBytes) {

    /** Every property at Kafka's default. */
    public static final LogConfig DEFAULT = from(Map.of());

    private static final int NO_RECORD_LIMIT = Integer.MAX_VALUE - 8;

    /**
     * What compressed batches may unpack to where {@code max.decompressed.message.bytes} counts: when a client's batch is judged, in
     * compaction and in look-ups by time stamp. Readers of whole batches go by {@link DecompressionLimit#DEFAULT}.
     */
    public DecompressionLimit decompressionLimit() {
        return DecompressionLimit.DEFAULT.withMaxRecordBytes(maxDecompressedMessageBytes);
    }

    /** Whether {@code max.decompressed.message.bytes} asks that compressed batches be looked into. */
    public boolean limitsUnpackedRecords() {
        return maxDecompressedMessageBytes < NO_RECORD_LIMIT;
    }

    /**
     * How many records may be acknowledged and not forced at any time: none with {@code millrace.acks.forced}, else one less
     * than {@code flush.messages}, as Kafka forces within the append that reaches that number.
     */
    public long unforcedRecords() {
        return forcesAcks ? 0 : flushMessages - 1;
    }

    /** Whether an acknowledgement may have to wait for a force. */
    public boolean limitsUnforcedRecords() {
        return unforcedRecords() < Long.MAX_VALUE - 1;
    }

    /** How long a segment may grow: {@code segment.ms}, or less if its records have to be compacted earlier (KIP-354). */
    public long longestSegmentMs() {
        return isCompacting ? Math.min(segmentMs, maxCompactionLagMs) : segmentMs;
    }

    /**
     * Reads the effective properties of a topic; names that are not a log's business are passed over, missing ones have
     * Kafka's defaults.
     *
     * @throws IllegalArgumentException if a value is not of its property's type; it names both
     */
    public static LogConfig from(Map<String, String> topicProperties) {
        Values values = new Values(topicProperties);
        Set<String> policies = values.names("cleanup.policy", "delete");
        return new LogConfig(
                values.bytes(
                        topicProperties.containsKey("internal.segment.bytes")
                                ? "internal.segment.bytes"
                                : "segment.bytes",
                        1 << 30),
                values.number("segment.ms", 604_800_000L),
                values.number("segment.jitter.ms", 0),
                values.bytes("segment.index.bytes", 10 << 20),
                values.bytes("index.interval.bytes", 4096),
                values.number("retention.ms", 604_800_000L),
                values.number("retention.bytes", -1),
                values.bytes("max.message.bytes", 1_048_588),
                timestampType(values.text("message.timestamp.type", "CreateTime")),
                values.number("message.timestamp.before.max.ms", Long.MAX_VALUE),
                values.number("message.timestamp.after.max.ms", 3_600_000),
                values.number("file.delete.delay.ms", 60_000),
                values.compression(),
                values.number("flush.messages", Long.MAX_VALUE),
                values.number("flush.ms", Long.MAX_VALUE),
                Boolean.parseBoolean(values.text("millrace.acks.forced", "false")),
                policies.contains("delete"),
                policies.contains("compact"),
                values.fraction("min.cleanable.dirty.ratio", 0.5),
                values.number("min.compaction.lag.ms", 0),
                values.number("max.compaction.lag.ms", Long.MAX_VALUE),
                values.number("delete.retention.ms", 86_400_000),
                values.bytes("max.decompressed.message.bytes", NO_RECORD_LIMIT));
    }

    private static TimestampType timestampType(String name) {
        return switch (name) {
            case "CreateTime" -> TimestampType.CREATE_TIME;
            case "LogAppendTime" -> TimestampType.LOG_APPEND_TIME;
            default ->
                throw new IllegalArgumentException(
                        "message.timestamp.type is '" + name + "', want CreateTime or LogAppendTime");
        };
    }

    private record Values(Map<String, String> properties) {
        String text(String name, String otherwise) {
            return properties.getOrDefault(name, otherwise).strip();
        }

        long number(String name, long otherwise) {
            String value = properties.get(name);
            if (value == null) return otherwise;
            try {
                return Long.parseLong(value.strip());
            } catch (NumberFormatException e) {
                throw new IllegalArgumentException(name + " is '" + value + "', want a whole number");
            }
        }

        int bytes(String name, int otherwise) {
            long value = number(name, otherwise);
            if (value < 0 || value > Integer.MAX_VALUE)
                throw new IllegalArgumentException(name + " is " + value + ", want 0 to " + Integer.MAX_VALUE);
            return (int) value;
        }

        double fraction(String name, double otherwise) {
            String value = properties.get(name);
            if (value == null) return otherwise;
            try {
                return Double.parseDouble(value.strip());
            } catch (NumberFormatException e) {
                throw new IllegalArgumentException(name + " is '" + value + "', want a number");
            }
        }

        BrokerCompression compression() {
            String type = text("compression.type", "producer").toLowerCase(Locale.ROOT);
            if (type.equals("producer")) return BrokerCompression.PRODUCER;
            Compression codec = type.equals("uncompressed")
                    ? Compression.NONE
                    : Compression.forName(type)
                            .filter(named -> named != Compression.NONE)
                            .orElseThrow(() -> new IllegalArgumentException("compression.type is '" + type
                                    + "', want producer, uncompressed, gzip, snappy, lz4 or zstd"));
            String levelName = "compression." + codec.label() + ".level";
            long level = number(levelName, codec.defaultLevel());
            if (level != (int) level || !codec.isLevel((int) level))
                throw new IllegalArgumentException(
                        levelName + " is " + level + ", want " + codec.minLevel() + " to " + codec.maxLevel());
            return new BrokerCompression(codec, (int) level);
        }

        Set<String> names(String name, String otherwise) {
            Set<String> names = new LinkedHashSet<>();
            for (String part : text(name, otherwise).split(",", -1))
                if (!part.isBlank()) names.add(part.strip().toLowerCase(Locale.ROOT));
            return names;
        }
    }
}
