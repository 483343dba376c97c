package io.millrace.storage;

import io.millrace.records.TopicPartition;
import java.nio.file.Path;

/**
 * The parts of one log and the offsets between which it lies: what appending, rolling, removing and closing have in common. What must
 * hold between them is up to those; only the lane of the log touches it.
 */
final class LogParts {
    final LogFolder folder;
    final TopicPartition partition;
    final Segments segments;
    final LogReader reader;
    final LeaderEpochs epochs;
    final ProducerStates producers;
    final ProducerSnapshots snapshots;
    final Unforced unforced;
    LogConfig config;

    long logStartOffset;
    long logEndOffset;
    long highWatermark;

    /** Whether records were added or removed since it was opened. */
    boolean hasChanged;

    LogParts(OpenedLog opened) {
        this.folder = opened.folder();
        this.partition = opened.partition();
        this.segments = opened.segments();
        this.reader = new LogReader(segments);
        this.epochs = opened.epochs();
        this.producers = opened.producers();
        this.snapshots = opened.snapshots();
        this.unforced = new Unforced(opened);
        this.config = opened.config();
        this.logStartOffset = opened.logStartOffset();
        this.logEndOffset = opened.logEndOffset();
        this.highWatermark = logStartOffset;
        updateJitter();
    }

    Path directory() {
        return folder.directory();
    }

    Segment active() {
        return segments.active();
    }

    /** Raises the high watermark, to the log end offset at most; a lower value changes nothing. */
    void advanceHighWatermark(long offset) {
        long bounded = Math.min(offset, logEndOffset);
        if (bounded <= highWatermark) return;
        highWatermark = bounded;
        producers.highWatermarkAdvanced(bounded);
    }

    /** The active segment, or the configuration, is another one: when it is rolled by its age is decided anew. */
    void updateJitter() {
        active().setJitterMs(jitterMs());
    }

    /** Spreads rolls over {@code segment.jitter.ms} by what is fixed for a segment, so that no dice are needed. */
    private long jitterMs() {
        long bound = Math.min(config.segmentJitterMs(), config.segmentMs());
        if (bound <= 0) return 0;
        long mixed = (partition.hashCode() * 31L + active().baseOffset()) * 0x9E3779B97F4A7C15L;
        return Math.floorMod(mixed, bound);
    }
}
