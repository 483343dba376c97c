package io.millrace.raft.run;

import io.millrace.environment.Clock;
import io.millrace.environment.Disk;
import io.millrace.raft.QuorumMachine;
import io.millrace.raft.VoterHistory;
import io.millrace.raft.VoterSet;
import io.millrace.records.OffsetAndEpoch;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * What a replica of the metadata log finds on its disk.
 *
 * @param directory that of the log
 * @param machine in the state the files tell of
 * @param bootstrapValues records the log begins with, if nothing else is there yet
 * @param snapshot what the state machine has to load before the log
 */
record OpenedQuorum(
        Path directory,
        MetadataLog log,
        QuorumStateFile stateFile,
        QuorumMachine machine,
        List<ByteBuffer> bootstrapValues,
        Optional<SnapshotReader.Snapshot> snapshot) {
    private static final System.Logger LOG = System.getLogger(OpenedQuorum.class.getName());

    /** Recovers the log, its latest snapshot and the election state; blocks. See {@link MetadataQuorum#open}. */
    static OpenedQuorum recover(
            Disk disk, Path metadataLogDirectory, QuorumConfig config, Clock clock, QuorumNetwork network)
            throws IOException {
        Path directory = metadataLogDirectory.resolve(MetadataLog.DIRECTORY);
        MetadataLog log = MetadataLog.open(disk, directory, config.log(), clock.wallMs());
        for (String note : log.log().recovery().notes()) {
            LOG.log(System.Logger.Level.WARNING, "Recovering " + directory + ": " + note);
        }
        Optional<SnapshotReader.Snapshot> latest = Optional.empty();
        Optional<OffsetAndEpoch> latestId = log.snapshots().latest();
        if (latestId.isPresent()) latest = Optional.of(SnapshotReader.read(disk, directory, latestId.get()));

        VoterHistory history = new VoterHistory(config.staticVoters());
        log.readVoters(history, latest);
        requireReachable(config, history.voters(), network);

        var stateFile = new QuorumStateFile(disk, directory);
        Optional<SnapshotReader.Snapshot> toLoad =
                latest.filter(snapshot -> !snapshot.id().equals(SnapshotFiles.BOOTSTRAP));
        long committed = toLoad.map(snapshot -> snapshot.id().offset()).orElse(0L);
        var machine = new QuorumMachine(
                config.self(),
                stateFile.read(),
                log,
                committed,
                history,
                network.timeouts(),
                network.peers().canAskAround(),
                network.own());
        List<ByteBuffer> bootstrap = readBootstrap(disk, metadataLogDirectory, latest);
        return new OpenedQuorum(directory, log, stateFile, machine, bootstrap, toLoad);
    }

    private static void requireReachable(QuorumConfig config, VoterSet voters, QuorumNetwork network) {
        if (voters.isOnlyVoter(config.self())) return;
        if (voters.voters().isEmpty() && !network.peers().canAskAround()) {
            throw new UnsupportedQuorum(
                    "nobody votes in the metadata quorum: set controller.quorum.voters, or format the"
                            + " directory with --standalone; a broker may be told controller.quorum.bootstrap.servers instead");
        }
        if (!network.equals(QuorumNetwork.NONE)) return;
        throw new UnsupportedQuorum("the voters of the metadata quorum are "
                + voters.voters().stream().map(voter -> voter.key().toString()).toList()
                + "; this node is " + config.self()
                + ", with the directory.id of its meta.properties, and its configuration names nobody else: name all of them in"
                + " controller.quorum.voters or controller.quorum.bootstrap.servers");
    }

    /** The bootstrap records: of snapshot 0-0, or of the file that older versions of Kafka kept them in. */
    private static List<ByteBuffer> readBootstrap(
            Disk disk, Path metadataLogDirectory, Optional<SnapshotReader.Snapshot> latest) throws IOException {
        if (latest.isPresent()) {
            return latest.get().id().equals(SnapshotFiles.BOOTSTRAP)
                    ? latest.get().values()
                    : List.of();
        }
        Path file = metadataLogDirectory.resolve(SnapshotFiles.BOOTSTRAP_CHECKPOINT);
        return disk.exists(file) ? SnapshotReader.readBootstrap(disk, file).values() : List.of();
    }
}
