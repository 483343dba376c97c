package io.millrace.simulator.scenario;

import io.millrace.records.BatchHeader;
import io.millrace.testkit.disk.SimulatedDisk;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * What a replica knows of leader epochs, as it lies on a disk, held against the batches of its log (R6). From the recovery point on that
 * does not count: a start learns it from the batches.
 */
final class StoredEpochs {
    private static final String EPOCHS = "leader-epoch-checkpoint";
    private static final String RECOVERY_POINTS = "recovery-point-offset-checkpoint";
    /** Before the entries come the version of the format and how many there are. */
    private static final int HEADER_LINES = 2;

    private final String replica;
    private final TreeMap<Long, Integer> epochByStart = new TreeMap<>();
    private long recoveryPoint;

    /** @param directory of the partition */
    StoredEpochs(int node, SimulatedDisk disk, Path directory) {
        replica = directory.getFileName() + " on node " + node;
        for (String[] entry : entries(disk, directory.resolve(EPOCHS)))
            epochByStart.put(Long.parseLong(entry[1]), Integer.parseInt(entry[0]));
        for (String[] entry : entries(disk, directory.resolveSibling(RECOVERY_POINTS)))
            if (directory.endsWith(entry[0] + "-" + entry[1])) recoveryPoint = Long.parseLong(entry[2]);
    }

    private static List<String[]> entries(SimulatedDisk disk, Path file) {
        Path directory = file.getParent();
        if (directory == null || !disk.filesIn(directory).contains(file)) return List.of();
        return new String(disk.content(file), StandardCharsets.UTF_8)
                .lines()
                .skip(HEADER_LINES)
                .map(line -> line.split(" ", -1))
                .toList();
    }

    /**
     * Holds one batch against it.
     *
     * @throws AssertionError if the epoch of its offsets is another one
     */
    void check(ByteBuffer batches, int at) {
        long offset = BatchHeader.baseOffset(batches, at);
        if (offset >= recoveryPoint) return;
        int epoch = BatchHeader.partitionLeaderEpoch(batches, at);
        Map.Entry<Long, Integer> known = epochByStart.floorEntry(offset);
        if (known == null || known.getValue() != epoch)
            throw new AssertionError("R6: the batch at " + offset + " of " + replica + " is of leader epoch " + epoch
                    + ", and what is known of epochs, by their first offsets, is " + epochByStart
                    + ", of what is forced to " + recoveryPoint);
    }
}
