package io.millrace.simulator;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.testkit.SeededRandom;
import io.millrace.testkit.disk.MachineStopped;
import io.millrace.testkit.disk.SimulatedDisk;
import java.util.List;
import org.junit.jupiter.api.Test;

/** R1, R11, R17, T1 of one partition's log, whatever moment it crashes at. */
class PartitionLogCrashTest {
    @Test
    void aLogOutlivesCrashesBetweenAnyTwoOperations() {
        Campaign.run(
                getClass(),
                "aLogOutlivesCrashesBetweenAnyTwoOperations",
                300,
                seed -> new LogStory(seed).run(2 + new SeededRandom(seed).nextInt(8)));
    }

    @Test
    void aLogOutlivesAFailingDisk() {
        Campaign.run(
                getClass(),
                "aLogOutlivesAFailingDisk",
                300,
                seed -> LogStory.onAFailingDisk(seed).run(2 + new SeededRandom(seed).nextInt(8)));
    }

    @Test
    void failingDisksAreMet() throws Exception {
        int fenced = 0;
        int refusals = 0;
        for (int seed = 0; seed < 40; seed++) {
            LogStory story = LogStory.onAFailingDisk(seed);
            story.run(5);
            fenced += story.fenced();
            refusals += story.refusals();
        }
        assertTrue(fenced > 20, "the campaign does not try what it claims to");
        assertTrue(refusals > 20, "the campaign does not fill disks");
    }

    @Test
    void openingIsCrashedInto() throws Exception {
        int crashes = 0;
        for (int seed = 0; seed < 40; seed++) {
            LogStory story = new LogStory(seed);
            story.run(5);
            crashes += story.crashesWhileOpening();
        }
        assertTrue(crashes > 5, () -> "the campaign does not try what it claims to");
    }

    @Test
    void aCrashWithinARecoveryEndsAsIfItHadNotBeen() {
        Campaign.run(getClass(), "aCrashWithinARecoveryEndsAsIfItHadNotBeen", 10, seed -> {
            LogStory story = new LogStory(seed);
            story.run(3);
            SimulatedDisk crashed = story.disk();
            SimulatedDisk once = new Simulation(seed).newDiskLike(crashed);
            List<String> expected = LogStory.told(once);
            for (long change = 0; change < once.changeCount(); change++) {
                SimulatedDisk again = new Simulation(seed + change).newDiskLike(crashed);
                again.beforeChange(change, () -> {
                    again.stop();
                    again.losePower();
                });
                try {
                    LogStory.told(again);
                } catch (MachineStopped midst) {
                    again.start();
                }
                assertEquals(expected, LogStory.told(again), "power cut before change " + change);
            }
        });
    }

    @Test
    void theSameSeedTellsTheSameStory() throws Exception {
        LogStory first = new LogStory(42);
        first.run(6);
        LogStory second = new LogStory(42);
        second.run(6);
        assertEquals(first.traceHash(), second.traceHash());
    }
}
