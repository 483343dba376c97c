package io.millrace.simulator.scenario;

import io.millrace.simulator.Simulation;
import io.millrace.testkit.SeededRandom;
import io.millrace.testkit.disk.SimulatedDisk;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A bit of one file of a node flips while it is down, and the server is started. Either it says of which file that it is damaged and
 * does not serve, or it serves; the logs of all partitions whose files did not rot are as they were, byte by byte. Checkpoints are left
 * out: they are text without a check sum, and another digit is another offset.
 */
public final class RotStory {
    private final SeededRandom random;
    private final Reboot sound;
    private final Reboot rotten;
    private final Path file;

    /** A past that the seed decides, and what rots in it. */
    public RotStory(long seed) {
        OneNodeStory story = OneNodeStory.onFailingDisks(seed);
        SimulatedDisk past = story.untilItIsDown();
        sound = new Reboot(new Simulation(seed + 1), past, story);
        rotten = new Reboot(new Simulation(seed + 2), past, story);
        random = new SeededRandom(seed);
        List<Path> files = new ArrayList<>();
        for (Path one : past.files())
            if (past.content(one).length > 0 && !one.toString().endsWith("-checkpoint") && !isNote(one)) files.add(one);
        file = random.pick(files);
    }

    private static boolean isNote(Path file) {
        return file.endsWith("checkpoint-topic-ids") || file.endsWith(".kafka_cleanshutdown");
    }

    /**
     * Tells it.
     *
     * @return what became of the start, and of which file
     */
    public String run() {
        if (!sound.boots()) throw new AssertionError("a boot on a sound disk has ended");
        byte[] content = rotten.disk().content(file);
        int position = random.nextInt(content.length);
        int bit = random.nextInt(Byte.SIZE);
        rotten.disk().rot(file, position, bit);
        String what = "bit " + bit + " of byte " + position + " of " + file;
        rotten.mayFail();
        if (!rotten.boots()) {
            if (!rotten.names(String.valueOf(file.getFileName())))
                throw new AssertionError(
                        what + " keeps the node from starting, and nobody says so: " + rotten.failures());
            return "refused " + what;
        }
        // Behind its recovery point it counts as torn, and is cut: what topics it made is set aside then.
        if (directory().equals("__cluster_metadata-0")) return "served " + what;
        List<String> expected = others(sound.told());
        List<String> told = others(rotten.told());
        if (!told.equals(expected)) {
            List<String> missing = new ArrayList<>(expected);
            missing.removeAll(told);
            throw new AssertionError(what + " has changed other logs: " + missing);
        }
        return "served " + what;
    }

    private List<String> others(List<String> told) {
        String directory = directory();
        return told.stream().filter(one -> !one.startsWith(directory + " of ")).toList();
    }

    private String directory() {
        Path parent = file.getParent();
        return parent == null ? "" : String.valueOf(parent.getFileName());
    }
}
