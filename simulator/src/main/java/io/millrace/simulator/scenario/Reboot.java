package io.millrace.simulator.scenario;

import io.millrace.protocol.Uuid;
import io.millrace.records.BatchCheck;
import io.millrace.records.BatchHeader;
import io.millrace.records.TopicPartition;
import io.millrace.server.storage.LogDirectories;
import io.millrace.simulator.SimulatedNetwork;
import io.millrace.simulator.Simulation;
import io.millrace.storage.CorruptLog;
import io.millrace.storage.LogConfig;
import io.millrace.storage.LogDirectory;
import io.millrace.storage.PartitionDirectoryName;
import io.millrace.storage.PartitionLog;
import io.millrace.storage.ProducerStateConfig;
import io.millrace.storage.ReadOutcome;
import io.millrace.testkit.disk.SimulatedDisk;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** A machine of its own with the disk that an earlier one left, and the server on it started anew. */
final class Reboot {
    private static final long MOST_MS = 120_000;
    private static final int MOST_READ_BYTES = 1 << 20;

    private final Simulation simulation;
    private final SimulatedServer server;
    private final Map<String, String> properties;

    Reboot(Simulation simulation, SimulatedDisk past, OneNodeStory story) {
        this.simulation = simulation;
        properties = story.serverProperties();
        server = new SimulatedServer(
                simulation,
                new SimulatedNetwork(simulation),
                story.laneCount(),
                properties,
                simulation.newDiskLike(past));
    }

    SimulatedDisk disk() {
        return server.disk();
    }

    void mayFail() {
        server.mayFail();
    }

    List<Exception> failures() {
        return server.failures();
    }

    /** Whether why the server gave up names something. */
    boolean names(String what) {
        for (Exception failure : server.failures())
            for (Throwable cause = failure; cause != null; cause = cause.getCause())
                if (String.valueOf(cause.getMessage()).contains(what)) return true;
        return false;
    }

    /** Boots until it serves, or is down; says whether it serves. */
    boolean boots() {
        server.start();
        simulation.runUntil(() -> server.isServing() || server.machine().isDown(), MOST_MS);
        return !server.machine().isDown();
    }

    /** Cuts the power before a change to the disk. */
    void cutBefore(long change) {
        disk().beforeChange(change, () -> server.machine().cutPower());
    }

    /** Stops it in order, until it is down, for whatever reason. */
    void stops() {
        server.stop();
        simulation.runUntil(() -> server.machine().isDown(), MOST_MS);
    }

    /** Kills it, and tells what is in its partitions. */
    List<String> told() {
        server.machine().kill();
        SimulatedDisk left = simulation.newDiskLike(disk());
        List<String> told = new ArrayList<>();
        for (String directory :
                Objects.requireNonNull(properties.get("log.dirs")).split(",", -1)) tell(left, Path.of(directory), told);
        return told;
    }

    private static void tell(SimulatedDisk disk, Path path, List<String> into) {
        LogDirectory directory = LogDirectory.open(disk, path).orElseThrow();
        // As the server would take it into use: the checkpoints count only for the topics that they speak of.
        LogDirectories.InUse use = new LogDirectories.InUse(
                directory,
                Uuid.ZERO,
                directory.wasCleanlyShutDown(),
                directory.cleanShutdownBrokerEpoch(),
                directory.recoveryPoints().read(),
                directory.logStartOffsets().read(),
                directory.highWatermarks().read(),
                directory.checkpointTopicIds().read());
        for (LogDirectory.Entry entry : directory.list().partitions()) {
            TopicPartition partition = entry.name().partition();
            if (entry.name().state() != PartitionDirectoryName.State.CURRENT
                    || partition.topic().equals("__cluster_metadata")) continue;
            String text;
            try {
                text = tell(disk, use, entry);
            } catch (CorruptLog damage) {
                text = "damaged: " + damage.getMessage();
            }
            if (!text.isEmpty()) into.add(partition + " of " + entry.topicId() + " " + text);
        }
    }

    private static String tell(SimulatedDisk disk, LogDirectories.InUse use, LogDirectory.Entry entry) {
        TopicPartition partition = entry.name().partition();
        Uuid topicId = entry.topicId().orElse(null);
        PartitionLog log = PartitionLog.open(
                disk,
                entry.path(),
                partition,
                topicId,
                LogConfig.from(Map.of()),
                ProducerStateConfig.DEFAULT,
                use.recoveryPoint(partition, topicId),
                use.logStartOffset(partition, topicId),
                use.wasClean(),
                0);
        // The directory of a new partition is not forced before its first flush: all of it may be lost, or lie
        // elsewhere.
        if (log.logEndOffset() == 0) return "";
        long digest = 0;
        for (long next = log.logStartOffset(); next < log.logEndOffset(); ) {
            if (!(log.read(next, MOST_READ_BYTES, true, log.logEndOffset()) instanceof ReadOutcome.Slice slice))
                throw new AssertionError("offset " + next + " is out of range");
            ByteBuffer batches = slice.records().toBuffer();
            slice.records().release();
            for (int at = 0; at < batches.limit(); at += BatchHeader.sizeBytes(batches, at)) {
                if (!(BatchHeader.check(batches, at) instanceof BatchCheck.Whole)
                        || BatchHeader.baseOffset(batches, at) > next)
                    return "damaged: the batch at " + next + " is not whole, or not the next";
                int sizeBytes = BatchHeader.sizeBytes(batches, at);
                digest = digest * 31 + batches.slice(at, sizeBytes).hashCode();
                next = BatchHeader.lastOffset(batches, at) + 1;
            }
        }
        return "from " + log.logStartOffset() + " to " + log.logEndOffset() + ": " + digest;
    }
}
