package io.millrace.raft.run;

import io.millrace.environment.Disk;
import io.millrace.protocol.Uuid;
import io.millrace.raft.ElectionState;
import io.millrace.raft.LeaderAndEpoch;
import io.millrace.raft.ReplicaKey;
import io.millrace.raft.VoterSet;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.stream.Collectors;

/**
 * The {@code quorum-state} file of the metadata log: one line of JSON. Version 0 goes with kraft.version 0 and names the
 * voters too, version 1 adds the directory of the replica voted for (KIP-853).
 *
 * <pre>
 *   {"clusterId":"","leaderId":1,"leaderEpoch":2,"votedId":-1,"appliedOffset":0,"currentVoters":[{"voterId":1}],"data_version":0}
 *   {"leaderId":1,"leaderEpoch":2,"votedId":-1,"votedDirectoryId":"AAAAAAAAAAAAAAAAAAAAAA","data_version":1}
 * </pre>
 */
final class QuorumStateFile {
    /** Its name within the directory of the metadata log. */
    static final String NAME = "quorum-state";

    /** Far above what any quorum needs; a larger file is not one of ours. */
    private static final int MAX_BYTES = 1 << 20;

    private static final int HIGHEST_VERSION = 1;

    private final Disk disk;
    private final Path path;

    QuorumStateFile(Disk disk, Path logDirectory) {
        this.disk = disk;
        this.path = logDirectory.resolve(NAME);
    }

    /**
     * Reads it.
     *
     * @return {@link ElectionState#INITIAL} if there is none
     * @throws IOException if it cannot be read or understood; a vote that is not known may not be given again
     */
    ElectionState read() throws IOException {
        if (!disk.exists(path)) return ElectionState.INITIAL;
        String text = new String(disk.readAll(path, MAX_BYTES), StandardCharsets.UTF_8);
        try {
            return parse(text);
        } catch (IllegalArgumentException wrong) {
            throw new IOException(path + " is not a quorum state: " + wrong.getMessage(), wrong);
        }
    }

    /** Replaces it; once this returns, the new content survives a power cut. */
    void write(ElectionState election, short kraftVersion, VoterSet voters) throws IOException {
        disk.replace(path, format(election, kraftVersion, voters).getBytes(StandardCharsets.UTF_8));
    }

    static String format(ElectionState election, short kraftVersion, VoterSet voters) {
        int votedId = election.votedFor().map(ReplicaKey::id).orElse(-1);
        String common = "\"leaderId\":" + election.leaderId().orElse(-1) + ",\"leaderEpoch\":" + election.epoch()
                + ",\"votedId\":" + votedId;
        if (kraftVersion == 0) {
            String voterList = voters.ids().stream()
                    .map(id -> "{\"voterId\":" + id + "}")
                    .collect(Collectors.joining(",", "[", "]"));
            return "{\"clusterId\":\"\"," + common + ",\"appliedOffset\":0,\"currentVoters\":" + voterList
                    + ",\"data_version\":0}";
        }
        Uuid votedDirectory = election.votedFor().map(ReplicaKey::directoryId).orElse(Uuid.ZERO);
        return "{" + common + ",\"votedDirectoryId\":\"" + votedDirectory + "\",\"data_version\":1}";
    }

    static ElectionState parse(String text) {
        FlatJson json = FlatJson.parse(text);
        OptionalLong version = json.number("data_version");
        if (version.isEmpty()) throw new IllegalArgumentException("it has no data_version");
        if (version.getAsLong() < 0 || version.getAsLong() > HIGHEST_VERSION) {
            throw new IllegalArgumentException("its data_version is " + version.getAsLong() + ", known are 0 to "
                    + HIGHEST_VERSION + ": start the newer program that wrote it; nothing was changed");
        }
        int epoch = int32(json, "leaderEpoch");
        if (epoch > LeaderAndEpoch.LAST_EPOCH) throw new IllegalArgumentException("leaderEpoch is " + epoch);
        int leaderId = int32(json, "leaderId");
        int votedId = int32(json, "votedId");
        Uuid votedDirectory = json.string("votedDirectoryId").map(Uuid::parse).orElse(Uuid.ZERO);
        return new ElectionState(
                epoch,
                leaderId < 0 ? OptionalInt.empty() : OptionalInt.of(leaderId),
                votedId < 0 ? Optional.empty() : Optional.of(new ReplicaKey(votedId, votedDirectory)));
    }

    private static int int32(FlatJson json, String name) {
        long value = json.number(name).orElseThrow(() -> new IllegalArgumentException("it has no " + name));
        if (value != (int) value) throw new IllegalArgumentException(name + " is " + value);
        return (int) value;
    }
}
