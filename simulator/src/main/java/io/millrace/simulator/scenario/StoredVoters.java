package io.millrace.simulator.scenario;

import io.millrace.raft.ReplicaKey;
import io.millrace.raft.Voter;
import io.millrace.raft.VoterSet;
import io.millrace.records.ControlRecord;
import io.millrace.records.ControlRecords;
import io.millrace.records.DecompressionLimit;
import io.millrace.records.RecordIterator;
import io.millrace.testkit.disk.SimulatedDisk;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.NavigableMap;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.BiConsumer;

/** Who votes in the metadata quorum, as the log and its snapshots lie on a disk (KIP-853), looked at from outside. */
final class StoredVoters {
    private static final String SNAPSHOT = ".checkpoint";
    private static final String SEGMENT = ".log";

    private StoredVoters() {}

    /**
     * All that is said of who votes.
     *
     * @param directory of the metadata log
     * @return voters by the offset from which on they vote; of a snapshot the one before which it ends
     */
    static NavigableMap<Long, Set<ReplicaKey>> in(StoredLogs logs, SimulatedDisk disk, Path directory) {
        NavigableMap<Long, Set<ReplicaKey>> sets = new TreeMap<>();
        disk.eachFileIn(directory, (name, file) -> {
            if (name.endsWith(SNAPSHOT)) {
                long endOffset = Long.parseLong(name.substring(0, name.indexOf('-')));
                visit(logs.segment(file), file.bytes(), (offset, voters) -> sets.put(endOffset - 1, voters));
            } else if (name.endsWith(SEGMENT)) {
                visit(logs.segment(file), file.bytes(), sets::put);
            }
        });
        return sets;
    }

    private static void visit(StoredSegment segment, ByteBuffer batches, BiConsumer<Long, Set<ReplicaKey>> found) {
        for (int at : segment.control()) {
            RecordIterator records = new RecordIterator(batches, at, DecompressionLimit.DEFAULT);
            while (records.hasNext()) {
                var record = records.next();
                if (ControlRecords.read(record) instanceof ControlRecord.KRaftVoters(var voters))
                    found.accept(record.offset(), keys(VoterSet.fromRecord(voters)));
            }
        }
    }

    private static Set<ReplicaKey> keys(VoterSet voters) {
        Set<ReplicaKey> keys = new TreeSet<>();
        voters.voters().stream().map(Voter::key).forEach(keys::add);
        return keys;
    }
}
