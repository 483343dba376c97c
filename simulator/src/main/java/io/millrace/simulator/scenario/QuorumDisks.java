package io.millrace.simulator.scenario;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.function.IntPredicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Looks into the disks of the metadata quorum's voters: whoever leads an epoch was voted for by a majority, and each of them has noted that
 * on its disk before it said so, for it must not vote again in that epoch after a restart (M1); and whatever anybody reads as committed
 * is in the logs of a majority (M3).
 */
final class QuorumDisks {
    private static final String METADATA = "__cluster_metadata-0";
    private static final Path DIRECTORY = Path.of("/data", METADATA);
    private static final Path STATE = DIRECTORY.resolve("quorum-state");
    private static final Pattern EPOCH = Pattern.compile("\"leaderEpoch\":(\\d+)");

    private final List<SimulatedServer> voters;

    QuorumDisks(List<SimulatedServer> nodes, IntPredicate isVoter) {
        this.voters = nodes.stream()
                .filter(node -> isVoter.test(nodes.indexOf(node) + 1))
                .toList();
    }

    /** A node has come to lead an epoch. */
    void leads(int node, int epoch) {
        long noted = voters.stream().filter(voter -> notedEpoch(voter) >= epoch).count();
        if (isNoMajority(noted))
            throw MetadataHistory.broken("M1: node " + node + " leads epoch " + epoch + " of the quorum, and " + noted
                    + " of " + voters.size() + " voters have noted that on their disks");
    }

    /** A node has read to that offset, as nobody had before. */
    void read(int node, long offset) {
        long holding = voters.stream()
                .filter(voter -> new StoredLog(voter.disk(), METADATA).endOffset() > offset)
                .count();
        if (isNoMajority(holding))
            throw MetadataHistory.broken("M3: node " + node + " reads offset " + offset + " as committed, and "
                    + holding + " of " + voters.size() + " voters have it");
    }

    private boolean isNoMajority(long count) {
        return 2 * count <= voters.size();
    }

    private static int notedEpoch(SimulatedServer voter) {
        if (!voter.disk().filesIn(DIRECTORY).contains(STATE)) return -1;
        Matcher found = EPOCH.matcher(new String(voter.disk().content(STATE), StandardCharsets.UTF_8));
        return found.find() ? Integer.parseInt(found.group(1)) : -1;
    }
}
