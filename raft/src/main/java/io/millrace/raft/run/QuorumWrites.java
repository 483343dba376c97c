package io.millrace.raft.run;

import io.millrace.environment.Clock;
import io.millrace.environment.DiskFull;
import io.millrace.environment.Lane;
import io.millrace.protocol.messages.KRaftVersionRecord;
import io.millrace.raft.ElectionState;
import io.millrace.raft.QuorumAction;
import io.millrace.raft.QuorumEvent;
import io.millrace.raft.QuorumMachine;
import io.millrace.records.BatchHeader;
import io.millrace.records.ControlRecord;
import io.millrace.records.ControlRecords;
import io.millrace.storage.LogDirectoryFailed;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** What a replica writes of its own accord: its elections, and as the leader batches of records, of its epoch and of its voters. */
final class QuorumWrites {
    private static final System.Logger LOG = System.getLogger(QuorumWrites.class.getName());

    /** How long before something is tried again that a full disk has refused. */
    private static final long SPACE_CHECK_MS = 1_000;

    /** The replica it writes for. */
    interface Outcomes {
        /** Whether nothing goes on any more. */
        boolean isStopped();

        /** Something was appended or persisted, or could not be. */
        void happened(QuorumEvent event);

        /** The disk failed. */
        void failed(Exception cause);
    }

    private final Path directory;
    private final QuorumConfig config;
    private final Lane lane;
    private final Clock clock;
    private final MetadataLog log;
    private final QuorumStateFile stateFile;
    private final QuorumMachine machine;
    private final GroupedForce force;
    private final CommittedReader reader;
    private final Outcomes outcomes;

    QuorumWrites(
            OpenedQuorum opened,
            QuorumConfig config,
            Lane lane,
            Clock clock,
            GroupedForce force,
            CommittedReader reader,
            Outcomes outcomes) {
        this.directory = opened.directory();
        this.config = config;
        this.lane = lane;
        this.clock = clock;
        this.log = opened.log();
        this.stateFile = opened.stateFile();
        this.machine = opened.machine();
        this.force = force;
        this.reader = reader;
        this.outcomes = outcomes;
    }

    /** See {@link MetadataQuorum#append}. */
    AppendResult append(int epoch, List<ByteBuffer> values) {
        if (outcomes.isStopped() || !machine.isLeader(epoch)) {
            return new AppendResult.NotLeader(machine.state().epoch());
        }
        long wallMs = clock.wallMs();
        long baseOffset = log.log().logEndOffset();
        ByteBuffer batch = QuorumBatches.data(values, baseOffset, epoch, wallMs);
        if (batch.remaining() > config.log().maxBatchBytes()) {
            return new AppendResult.TooLarge(batch.remaining(), config.log().maxBatchBytes());
        }
        List<ByteBuffer> kept =
                values.stream().map(ByteBuffer::asReadOnlyBuffer).toList();
        try {
            long lastOffset = append(batch, epoch, wallMs, kept);
            if (lastOffset == MetadataLog.NO_SPACE) {
                nothingFits();
                return new AppendResult.NoSpace();
            }
            return new AppendResult.Appended(baseOffset, lastOffset);
        } catch (LogDirectoryFailed failure) {
            outcomes.failed(failure);
            return new AppendResult.NotLeader(epoch);
        }
    }

    /** Later, as whoever appends is in the midst of something. */
    private void nothingFits() {
        lane.execute(() -> {
            if (!outcomes.isStopped()) outcomes.happened(new QuorumEvent.NothingFits());
        });
    }

    private long append(ByteBuffer batch, int epoch, long wallMs, List<ByteBuffer> values) {
        long baseOffset = log.log().logEndOffset();
        long lastOffset = log.append(batch, epoch, wallMs);
        if (lastOffset == MetadataLog.NO_SPACE) return lastOffset;
        if (BatchHeader.isControl(batch, batch.position())) MetadataLog.addVoters(machine.history(), batch.duplicate());
        reader.appended(new CommittedBatch(baseOffset, lastOffset, epoch, wallMs, values));
        outcomes.happened(new QuorumEvent.Appended(lastOffset + 1));
        force.request();
        return lastOffset;
    }

    void persist(QuorumAction.PersistElection persist) {
        ElectionState election = persist.election();
        lane.offload(
                () -> {
                    stateFile.write(election, persist.kraftVersion(), persist.voters());
                    return election;
                },
                outcome -> {
                    switch (outcome) {
                        case Lane.Outcome.Done<ElectionState>(ElectionState written) -> {
                            if (!outcomes.isStopped()) outcomes.happened(new QuorumEvent.ElectionPersisted(written));
                        }
                        case Lane.Outcome.Failed<ElectionState>(DiskFull full) ->
                            whenThereIsSpace(full, () -> persist(persist));
                        case Lane.Outcome.Failed<ElectionState>(Exception cause) -> outcomes.failed(cause);
                    }
                });
    }

    /** Nothing goes on without it, and it is a few hundred bytes: it is tried until there is space for them. */
    private void whenThereIsSpace(Exception full, Runnable again) {
        LOG.log(
                System.Logger.Level.ERROR,
                "The node cannot go on until there is space on the disk of the metadata log: " + full.getMessage());
        lane.schedule(SPACE_CHECK_MS, () -> {
            if (!outcomes.isStopped()) again.run();
        });
    }

    void appendLeaderChange(QuorumAction.AppendLeaderChange change) {
        if (!machine.isLeader(change.epoch())) return;
        List<ControlRecord> records = new ArrayList<>();
        records.add(new ControlRecord.LeaderChange(change.message()));
        change.bootstrapVoters().ifPresent(bootstrap -> {
            records.add(kraftVersion(bootstrap.kraftVersion()));
            records.add(new ControlRecord.KRaftVoters(bootstrap.voters().toRecord()));
        });
        long wallMs = clock.wallMs();
        ByteBuffer batch = ControlRecords.batch(log.log().logEndOffset(), change.epoch(), wallMs, records);
        try {
            if (append(batch, change.epoch(), wallMs, List.of()) != MetadataLog.NO_SPACE) return;
            if (machine.hasOthers()) nothingFits();
            else
                whenThereIsSpace(
                        new DiskFull(directory, "cannot append that epoch " + change.epoch() + " has begun"),
                        () -> appendLeaderChange(change));
        } catch (LogDirectoryFailed failure) {
            outcomes.failed(failure);
        }
    }

    private static ControlRecord kraftVersion(short level) {
        return new ControlRecord.KRaftVersion(KRaftVersionRecord.builder()
                .version((short) 0)
                .kRaftVersion(level)
                .build());
    }

    void appendVoters(QuorumAction.AppendVoters change) {
        if (!machine.isLeader(change.epoch())) return;
        List<ControlRecord> records = new ArrayList<>();
        change.kraftVersion().ifPresent(level -> records.add(kraftVersion(level)));
        records.add(new ControlRecord.KRaftVoters(change.voters().toRecord()));
        long wallMs = clock.wallMs();
        ByteBuffer batch = ControlRecords.batch(log.log().logEndOffset(), change.epoch(), wallMs, records);
        if (append(batch, change.epoch(), wallMs, List.of()) == MetadataLog.NO_SPACE)
            outcomes.happened(new QuorumEvent.VotersNotAppended());
        else
            LOG.log(
                    System.Logger.Level.INFO,
                    "The voters of the metadata quorum are " + change.voters().ids());
    }
}
