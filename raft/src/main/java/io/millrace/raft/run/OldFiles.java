package io.millrace.raft.run;

import io.millrace.environment.Clock;
import io.millrace.environment.Disk;
import io.millrace.environment.Lane;
import io.millrace.raft.VoterHistory;
import io.millrace.storage.PendingDeletion;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;

/** Lets old snapshots of the metadata log go, and of the log what lies before the oldest one that stays. */
final class OldFiles {
    private static final System.Logger LOG = System.getLogger(OldFiles.class.getName());

    private final Lane lane;
    private final Disk disk;
    private final Clock clock;
    private final MetadataLog log;
    private final VoterHistory history;

    OldFiles(Lane lane, Disk disk, Clock clock, MetadataLog log, VoterHistory history) {
        this.lane = lane;
        this.disk = disk;
        this.clock = clock;
        this.log = log;
        this.history = history;
    }

    /**
     * Looks what may go. Deletes off the lane.
     *
     * @throws io.millrace.storage.LogDirectoryFailed if the log cannot be rolled
     */
    void delete() {
        Optional<Snapshots.Expired> expired =
                log.snapshots().expire(clock.wallMs(), log.log().sizeBytes());
        if (expired.isPresent()) {
            log.log().deleteRecordsBefore(expired.get().logStartOffset());
            history.forgetBefore(expired.get().logStartOffset());
            delete(() -> {
                for (Path snapshot : expired.get().files()) disk.delete(snapshot);
            });
        }
        for (PendingDeletion segments : log.log().expire(clock.wallMs())) {
            lane.schedule(log.log().config().fileDeleteDelayMs(), () -> delete(segments::run));
        }
        log.log().closeIdleFiles();
    }

    /** One that stays is deleted at the next start. */
    private void delete(Deletion deletion) {
        lane.offload(
                () -> {
                    deletion.run();
                    return true;
                },
                outcome -> {
                    if (outcome instanceof Lane.Outcome.Failed<Boolean>(Exception cause)) {
                        LOG.log(
                                System.Logger.Level.WARNING,
                                "An old file of the metadata log stays: " + cause.getMessage());
                    }
                });
    }

    private interface Deletion {
        void run() throws IOException;
    }
}
