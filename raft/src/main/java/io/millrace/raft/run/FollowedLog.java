package io.millrace.raft.run;

import io.millrace.environment.Clock;
import io.millrace.environment.Lane;
import io.millrace.raft.QuorumAction;
import io.millrace.raft.QuorumEvent;
import io.millrace.raft.VoterHistory;
import io.millrace.records.OffsetAndEpoch;
import io.millrace.storage.LogDirectoryFailed;

/** What a leader does to this replica's log: more records, a cut, a snapshot in its place. */
final class FollowedLog {
    private static final System.Logger LOG = System.getLogger(FollowedLog.class.getName());

    private final FetchedSnapshot fetchedSnapshot;
    private final Clock clock;
    private final MetadataLog log;
    private final VoterHistory history;
    private final GroupedForce force;
    private final CommittedReader reader;
    private final QuorumListener listener;
    private final Outcomes outcomes;

    /** Is told how things went, on the lane. */
    interface Outcomes {
        /** The machine has to know. */
        void happened(QuorumEvent event);

        /** The disk failed. */
        void failed(Exception cause);
    }

    FollowedLog(
            FetchedSnapshot fetchedSnapshot,
            Clock clock,
            MetadataLog log,
            VoterHistory history,
            GroupedForce force,
            CommittedReader reader,
            QuorumListener listener,
            Outcomes outcomes) {
        this.fetchedSnapshot = fetchedSnapshot;
        this.clock = clock;
        this.log = log;
        this.history = history;
        this.force = force;
        this.reader = reader;
        this.listener = listener;
        this.outcomes = outcomes;
    }

    void append(QuorumAction.AppendFetched fetched) {
        if (log.appendFetched(fetched.records(), fetched.epoch(), clock.wallMs(), history)) {
            force.request();
            outcomes.happened(new QuorumEvent.Appended(log.log().logEndOffset()));
        } else {
            outcomes.happened(new QuorumEvent.FetchedUnusable());
        }
    }

    /** Blocks for a force or two; it happens once in an election, at the most. */
    void truncateTo(long offset) {
        log.truncateTo(offset);
        long endOffset = log.log().logEndOffset();
        history.truncateFrom(endOffset);
        reader.truncatedTo(endOffset);
        outcomes.happened(new QuorumEvent.Truncated(endOffset));
    }

    void store(QuorumAction.StoreSnapshotPart part) {
        fetchedSnapshot.store(
                part.snapshotId(),
                part.position(),
                part.bytes(),
                outcome -> outcomes.happened(
                        outcome instanceof Lane.Outcome.Done<Long>(Long nextPosition)
                                ? new QuorumEvent.SnapshotPartStored(part.snapshotId(), nextPosition)
                                : new QuorumEvent.SnapshotUnusable(part.snapshotId())));
    }

    void install(OffsetAndEpoch id) {
        fetchedSnapshot.install(id, outcome -> {
            switch (outcome) {
                case Lane.Outcome.Done<FetchedSnapshot.Whole>(FetchedSnapshot.Whole whole) -> installed(whole);
                case Lane.Outcome.Failed<FetchedSnapshot.Whole>(ForceFailed failure) -> outcomes.failed(failure);
                case Lane.Outcome.Failed<FetchedSnapshot.Whole>(Exception cause) -> {
                    LOG.log(
                            System.Logger.Level.WARNING,
                            "The snapshot " + id + " that was fetched cannot be used: " + cause.getMessage());
                    outcomes.happened(new QuorumEvent.SnapshotUnusable(id));
                }
            }
        });
    }

    private void installed(FetchedSnapshot.Whole whole) {
        SnapshotReader.Snapshot snapshot = whole.snapshot();
        try {
            log.beginBehind(whole, history);
        } catch (LogDirectoryFailed failure) {
            outcomes.failed(failure);
            return;
        }
        reader.replacedUntil(snapshot.id().offset());
        listener.onLoadSnapshot(snapshot.id(), snapshot.lastContainedLogTimeMs(), snapshot.values());
        outcomes.happened(new QuorumEvent.SnapshotInstalled(snapshot.id()));
    }
}
