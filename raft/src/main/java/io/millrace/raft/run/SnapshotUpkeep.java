package io.millrace.raft.run;

import io.millrace.environment.Clock;
import io.millrace.environment.Disk;
import io.millrace.environment.Lane;
import io.millrace.raft.QuorumMachine;
import io.millrace.raft.VoterHistory;
import io.millrace.records.OffsetAndEpoch;
import io.millrace.storage.LogDirectoryFailed;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Writes snapshots of a replica, and lets old ones and the log before them go. */
final class SnapshotUpkeep {
    /** How often old snapshots are looked for, as in Kafka. */
    private static final long CLEANING_INTERVAL_MS = 60_000;

    private final Disk disk;
    private final Path directory;
    private final Lane lane;
    private final Clock clock;
    private final MetadataLog log;
    private final QuorumMachine machine;
    private final OldFiles oldFiles;
    private final Consumer<Exception> failed;
    private Lane.@Nullable Timer cleaning;
    private boolean writingSnapshot;
    private boolean stopped;

    SnapshotUpkeep(OpenedQuorum opened, Disk disk, Lane lane, Clock clock, Consumer<Exception> failed) {
        this.disk = disk;
        this.directory = opened.directory();
        this.lane = lane;
        this.clock = clock;
        this.log = opened.log();
        this.machine = opened.machine();
        this.oldFiles = new OldFiles(lane, disk, clock, log, machine.history());
        this.failed = failed;
    }

    /** Looks for old files from now on. */
    void start() {
        scheduleCleaning();
    }

    /** Looks for none any more, and begins no further snapshot. */
    void stop() {
        stopped = true;
        if (cleaning != null) cleaning.cancel();
        cleaning = null;
    }

    /** See {@link MetadataQuorum#writeSnapshot}. */
    void writeSnapshot(
            OffsetAndEpoch id,
            long lastContainedLogTimeMs,
            Iterable<ByteBuffer> values,
            Consumer<SnapshotResult> then) {
        if (id.offset() > machine.highWatermark()) {
            throw new IllegalArgumentException(
                    "a snapshot at offset " + id.offset() + " above the high watermark " + machine.highWatermark());
        }
        long latest = log.snapshots().latest().map(OffsetAndEpoch::offset).orElse(0L);
        if (stopped || writingSnapshot || id.offset() <= latest) {
            then.accept(new SnapshotResult.NotNeeded());
            return;
        }
        writingSnapshot = true;
        VoterHistory history = machine.history();
        var quorum = new SnapshotWriter.QuorumInfo(
                history.kraftVersionAt(id.offset() - 1), history.votersAt(id.offset() - 1));
        long wallMs = clock.wallMs();
        lane.offload(
                () -> new SnapshotWriter(disk, directory).write(id, lastContainedLogTimeMs, quorum, wallMs, values),
                outcome -> {
                    writingSnapshot = false;
                    switch (outcome) {
                        case Lane.Outcome.Done<Long>(Long sizeBytes) -> {
                            log.snapshots().add(new Snapshots.Stored(id, sizeBytes, lastContainedLogTimeMs));
                            if (!stopped) deleteOld();
                            then.accept(new SnapshotResult.Written(sizeBytes));
                        }
                        case Lane.Outcome.Failed<Long>(Exception cause) -> {
                            then.accept(new SnapshotResult.Failed(cause));
                            if (cause instanceof ForceFailed) failed.accept(cause);
                        }
                    }
                });
    }

    private void scheduleCleaning() {
        cleaning = lane.schedule(CLEANING_INTERVAL_MS, () -> {
            deleteOld();
            if (!stopped) scheduleCleaning();
        });
    }

    private void deleteOld() {
        try {
            oldFiles.delete();
        } catch (LogDirectoryFailed failure) {
            failed.accept(failure);
        }
    }
}
