package io.millrace.simulator;

import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

/** M1, M3, M4, M6 of a metadata quorum of three voters, whatever happens to them, and that they go on afterwards. */
class ClusterQuorumTest {
    @Test
    void threeVotersAgreeWhateverHappensAndGoOnWhenAllIsWell() {
        Campaign.run(
                getClass(),
                "threeVotersAgreeWhateverHappensAndGoOnWhenAllIsWell",
                40,
                seed -> new ClusterQuorumStory(seed).run(30));
    }

    @Test
    void leadersChangeRecordsAreCommittedAndSnapshotsAreFetched() throws Exception {
        int leaders = 0;
        int committed = 0;
        int snapshots = 0;
        for (int seed = 0; seed < 10; seed++) {
            ClusterQuorumStory story = new ClusterQuorumStory(seed);
            story.run(30);
            leaders += story.leaderCount();
            committed += story.committedCount();
            snapshots += story.snapshotsFetched();
        }
        String seen = leaders + " leaders, " + committed + " records, " + snapshots + " snapshots";
        assertTrue(leaders > 30 && committed > 1_000 && snapshots > 3, seen);
    }
}
