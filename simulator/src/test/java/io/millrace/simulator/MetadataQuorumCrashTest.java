package io.millrace.simulator;

import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

/** M1, M4, M6, R17 of a metadata quorum of one voter, whatever moment it crashes at. */
class MetadataQuorumCrashTest {
    @Test
    void whatWasCommittedStaysAndNoEpochIsLedTwice() {
        Campaign.run(
                getClass(), "whatWasCommittedStaysAndNoEpochIsLedTwice", 150, seed -> new QuorumStory(seed).run(6));
    }

    @Test
    void whatWasCommittedStaysOnAFailingDisk() {
        Campaign.run(
                getClass(),
                "whatWasCommittedStaysOnAFailingDisk",
                150,
                seed -> QuorumStory.onAFailingDisk(seed).run(6));
    }

    @Test
    void failingDisksAreMet() throws Exception {
        int failures = 0;
        for (int seed = 0; seed < 20; seed++) {
            QuorumStory story = QuorumStory.onAFailingDisk(seed);
            story.run(6);
            failures += story.failures();
        }
        assertTrue(failures > 10, "the campaign hardly gets to where it could hurt");
    }

    @Test
    void leadersAreMadeInMostLives() throws Exception {
        int leaderships = 0;
        for (int seed = 0; seed < 20; seed++) {
            QuorumStory story = new QuorumStory(seed);
            story.run(6);
            leaderships += story.leaderships();
        }
        assertTrue(leaderships > 60, "the campaign hardly gets to where it could hurt");
    }
}
