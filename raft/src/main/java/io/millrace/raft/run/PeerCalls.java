package io.millrace.raft.run;

import io.millrace.environment.Disk;
import io.millrace.environment.DiskFile;
import io.millrace.environment.Lane;
import io.millrace.environment.OpenMode;
import io.millrace.protocol.ErrorCode;
import io.millrace.raft.LeaderAndEpoch;
import io.millrace.raft.PeerAnswer;
import io.millrace.raft.QuorumAction;
import io.millrace.records.OffsetAndEpoch;
import io.millrace.storage.FileRecords;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Consumer;

/** Calls of other replicas that are not answered yet; reads what their answers hold of log and snapshots, off the lane. */
final class PeerCalls {
    /** Bytes of a snapshot in one answer. */
    private static final int PART_BYTES = 1 << 20;

    /** Answers being read at a time, each a few megabytes at the most; more than replicas in any quorum. Others ask again. */
    private static final int MOST_READING = 32;

    private final Lane lane;
    private final Disk disk;
    private final Path directory;
    private final MetadataLog log;
    private final Map<Long, Consumer<PeerAnswer>> open = new HashMap<>();
    private long nextCall = 1;
    private int reading;

    PeerCalls(Lane lane, Disk disk, Path directory, MetadataLog log) {
        this.lane = lane;
        this.disk = disk;
        this.directory = directory;
        this.log = log;
    }

    /** Names a call. */
    long begin(Consumer<PeerAnswer> then) {
        long call = nextCall++;
        open.put(call, then);
        return call;
    }

    void answer(long call, PeerAnswer answer) {
        Consumer<PeerAnswer> then = open.remove(call);
        if (then == null) throw new IllegalStateException("call " + call + " is answered twice: " + answer);
        then.accept(answer);
    }

    void answer(QuorumAction.AnswerWithRecords wanted) {
        long endOffset = log.log().logEndOffset();
        if (wanted.fromOffset() >= endOffset) {
            answer(wanted.call(), fetched(wanted, ByteBuffer.allocate(0)));
            return;
        }
        if (isBusy(wanted.call(), wanted.leader())) return;
        FileRecords range = log.range(wanted.fromOffset(), endOffset);
        reading++;
        lane.offload(
                () -> {
                    try {
                        return range.toBuffer();
                    } finally {
                        range.release();
                    }
                },
                outcome -> {
                    reading--;
                    answer(
                            wanted.call(),
                            switch (outcome) {
                                case Lane.Outcome.Done<ByteBuffer>(ByteBuffer bytes) -> fetched(wanted, bytes);
                                case Lane.Outcome.Failed<ByteBuffer> ignored ->
                                    new PeerAnswer.Refused(ErrorCode.KAFKA_STORAGE_ERROR, wanted.leader());
                            });
                });
    }

    private static PeerAnswer fetched(QuorumAction.AnswerWithRecords wanted, ByteBuffer bytes) {
        return new PeerAnswer.Fetched(bytes, wanted.highWatermark(), wanted.leader());
    }

    void answer(QuorumAction.AnswerWithSnapshotPart wanted) {
        OffsetAndEpoch id = wanted.snapshotId();
        if (!log.snapshots().contains(id)) {
            answer(wanted.call(), new PeerAnswer.Refused(ErrorCode.SNAPSHOT_NOT_FOUND, wanted.leader()));
            return;
        }
        if (isBusy(wanted.call(), wanted.leader())) return;
        reading++;
        lane.offload(() -> readPart(wanted), outcome -> {
            reading--;
            answer(
                    wanted.call(),
                    switch (outcome) {
                        case Lane.Outcome.Done<PeerAnswer>(PeerAnswer part) -> part;
                        // It may have been deleted meanwhile; the replica asks anew which one it needs.
                        case Lane.Outcome.Failed<PeerAnswer> ignored ->
                            new PeerAnswer.Refused(ErrorCode.SNAPSHOT_NOT_FOUND, wanted.leader());
                    });
        });
    }

    private boolean isBusy(long call, LeaderAndEpoch leader) {
        if (reading < MOST_READING) return false;
        answer(call, new PeerAnswer.Refused(ErrorCode.BROKER_NOT_AVAILABLE, leader));
        return true;
    }

    private PeerAnswer readPart(QuorumAction.AnswerWithSnapshotPart wanted) throws IOException {
        try (DiskFile file = disk.open(SnapshotFiles.path(directory, wanted.snapshotId()), OpenMode.READ)) {
            long sizeBytes = file.sizeBytes();
            long position = wanted.position();
            if (position < 0 || position >= sizeBytes)
                return new PeerAnswer.Refused(ErrorCode.POSITION_OUT_OF_RANGE, wanted.leader());
            ByteBuffer bytes = ByteBuffer.allocate((int) Math.min(PART_BYTES, sizeBytes - position));
            file.read(position, bytes);
            return new PeerAnswer.SnapshotPart(wanted.snapshotId(), sizeBytes, position, bytes.flip(), wanted.leader());
        }
    }
}
