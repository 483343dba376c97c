package io.millrace.storage;

import io.millrace.environment.DiskFull;
import io.millrace.protocol.ErrorCode;
import io.millrace.records.BatchHeader;
import io.millrace.records.LegacyBatch;
import java.io.IOException;
import java.nio.ByteBuffer;

/** Puts batches at the end of a log: checks, offsets, one write, and what is known of epochs, producers and transactions from then on. */
final class LogAppender {
    private final LogParts log;
    private final LogRoller roller;
    private AppendSpace space = AppendSpace.UNWATCHED;

    LogAppender(LogParts log, LogRoller roller) {
        this.log = log;
        this.roller = roller;
    }

    /** Whom appends ask from now on for space. */
    void askBefore(AppendSpace newSpace) {
        space = newSpace;
    }

    /** What {@link PartitionLog#append(ByteBuffer, AppendOrigin, int, long, long, int)} does. */
    AppendOutcome append(
            ByteBuffer batches, AppendOrigin origin, int leaderEpoch, long wallMs, long nowMs, int transactionVersion) {
        ByteBuffer whole = batches.duplicate();
        AppendOutcome.Refused refused =
                AppendCheck.check(whole, origin, log.config, leaderEpoch, log.logEndOffset, wallMs);
        if (refused == null && whole.hasRemaining()) {
            AppendOutcome answered =
                    ProducerCheck.check(whole, origin, log.producers, log.logStartOffset, transactionVersion);
            if (answered != null) return answered;
        }
        if (refused != null) return refused;
        if (!whole.hasRemaining())
            return new AppendOutcome.Appended(log.logEndOffset, log.logEndOffset - 1, -1, log.logStartOffset);
        String wantOfSpace = space.refusal(origin, whole.remaining());
        if (wantOfSpace != null) return new AppendOutcome.Refused(ErrorCode.KAFKA_STORAGE_ERROR, wantOfSpace);
        try {
            AppendOutcome outcome = write(whole, origin, leaderEpoch, wallMs, nowMs);
            space.appended(whole.remaining());
            return outcome;
        } catch (DiskFull full) {
            return new AppendOutcome.Refused(ErrorCode.KAFKA_STORAGE_ERROR, space.ranOut(full));
        } catch (IOException e) {
            throw new LogDirectoryFailed(log.directory(), "append to", e);
        }
    }

    private AppendOutcome write(ByteBuffer batches, AppendOrigin origin, int leaderEpoch, long wallMs, long nowMs)
            throws IOException {
        boolean assigns = origin != AppendOrigin.REPLICATION;
        long next = assigns ? log.logEndOffset : firstOffset(batches);
        long baseOffset = next;
        long newestTimestamp = -1;
        for (int at = batches.position(); at < batches.limit(); at += BatchHeader.sizeBytes(batches, at)) {
            if (assigns) {
                BatchHeader.setBaseOffset(batches, at, next);
                BatchHeader.setPartitionLeaderEpoch(batches, at, leaderEpoch);
            }
            next = StoredBatch.lastOffset(batches, at) + 1;
            newestTimestamp = Math.max(newestTimestamp, StoredBatch.maxTimestamp(batches, at));
        }
        roller.rollIfDue(batches.remaining(), baseOffset, next - 1, newestTimestamp, wallMs);
        Segment active = log.active();
        if (!active.logExists()) log.unforced.namesChanged();
        int position = active.sizeBytes();
        log.unforced.written(batches.remaining(), nowMs);
        active.append(batches.duplicate(), log.config.indexIntervalBytes());
        appended(batches, active, position);
        log.logEndOffset = next;
        log.hasChanged = true;
        boolean stamped = assigns && AppendCheck.stampsAppendTime(origin, log.config);
        return new AppendOutcome.Appended(baseOffset, next - 1, stamped ? wallMs : -1, log.logStartOffset);
    }

    /** Compressed batches of format 0 and 1 do not say where they begin; it is at the log end or behind it. */
    private long firstOffset(ByteBuffer batches) {
        int at = batches.position();
        return LegacyBatch.isLegacy(batches, at) ? log.logEndOffset : BatchHeader.baseOffset(batches, at);
    }

    private void appended(ByteBuffer batches, Segment active, int position) throws IOException {
        for (int at = batches.position(); at < batches.limit(); ) {
            int batchBytes = BatchHeader.sizeBytes(batches, at);
            long batchOffset = BatchHeader.baseOffset(batches, at);
            log.epochs.assign(StoredBatch.leaderEpoch(batches, at), batchOffset);
            if (StoredBatch.producerId(batches, at) >= 0) {
                ProducerStates.Ended ended = log.producers.replay(batches, at);
                if (ended != null && ended.isAborted()) {
                    active.abort(new AbortedTransaction(
                            ended.producerId(),
                            ended.firstOffset(),
                            ended.markerOffset(),
                            log.producers.lastStableOffsetAfter(ended)));
                    log.unforced.namesChanged();
                }
            }
            log.reader.appended(batchOffset, position);
            position += batchBytes;
            at += batchBytes;
        }
    }
}
