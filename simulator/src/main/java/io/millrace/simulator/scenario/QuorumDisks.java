package io.millrace.simulator.scenario;

import io.millrace.protocol.Uuid;
import io.millrace.raft.ReplicaKey;
import io.millrace.testkit.disk.SimulatedDisk;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.IntPredicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Looks into the disks of the metadata quorum's voters: whoever leads an epoch was voted for by a majority, and each of them has noted that
 * on its disk before it said so, for it must not vote again in that epoch after a restart (M1); whatever anybody reads as committed
 * is in the logs of a majority (M3); and where the log says who votes, that changes by one at a time, nobody leads who is no voter, and
 * whoever has another disk now is somebody else (M8).
 */
final class QuorumDisks {
    static final String METADATA = "__cluster_metadata-0";
    private static final Path DIRECTORY = Path.of("/data", METADATA);
    private static final Path STATE = DIRECTORY.resolve("quorum-state");
    private static final Path PROPERTIES = Path.of("/data", "meta.properties");
    private static final Pattern EPOCH = Pattern.compile("\"leaderEpoch\":(\\d+)");
    private static final Pattern LEADER = Pattern.compile("\"leaderId\":(-?\\d+)");
    private static final Pattern DIRECTORY_ID = Pattern.compile("(?m)^directory\\.id=(\\S+)$");

    private final List<SimulatedServer> nodes;
    private final List<Integer> controllers = new ArrayList<>();
    /** Empty if the log says who votes. */
    private final Set<ReplicaKey> fixed = new TreeSet<>();

    private final boolean isDynamic;
    private final StoredLogs logs;
    /** What is committed of who votes, by offset. */
    private final NavigableMap<Long, Set<ReplicaKey>> committed = new TreeMap<>();

    QuorumDisks(List<SimulatedServer> nodes, IntPredicate isController, boolean isDynamic, StoredLogs logs) {
        this.nodes = nodes;
        this.logs = logs;
        this.isDynamic = isDynamic;
        for (int id = 1; id <= nodes.size(); id++) {
            if (!isController.test(id)) continue;
            controllers.add(id);
            if (!isDynamic) fixed.add(new ReplicaKey(id, Uuid.ZERO));
        }
    }

    private SimulatedDisk disk(int id) {
        return nodes.get(id - 1).disk();
    }

    private StoredLog log(int id) {
        return logs.on(disk(id), METADATA);
    }

    /** The id of the directory that a node has now; empty before it is formatted. */
    Optional<Uuid> directoryId(int id) {
        String properties = text(disk(id), PROPERTIES);
        Matcher found = DIRECTORY_ID.matcher(properties == null ? "" : properties);
        return found.find() ? Optional.of(Uuid.parse(found.group(1))) : Optional.empty();
    }

    private static @Nullable String text(SimulatedDisk disk, Path file) {
        Path directory = file.getParent();
        if (directory == null || !disk.filesIn(directory).contains(file)) return null;
        return new String(disk.content(file), StandardCharsets.UTF_8);
    }

    /** Who votes by what is on the disk of a node, from each offset on. */
    private NavigableMap<Long, Set<ReplicaKey>> voterSets(int id) {
        if (isDynamic) return StoredVoters.in(logs, disk(id), DIRECTORY);
        return new TreeMap<>(Map.of(-1L, fixed));
    }

    /** Who votes by the log of each controller, for the eye. */
    Map<Integer, Set<ReplicaKey>> voters() {
        Map<Integer, Set<ReplicaKey>> voters = new TreeMap<>();
        for (int id : controllers) {
            NavigableMap<Long, Set<ReplicaKey>> sets = voterSets(id);
            voters.put(id, sets.isEmpty() ? Set.of() : sets.lastEntry().getValue());
        }
        return voters;
    }

    /** Whether a voter is who it was: a static one always is. */
    private boolean isStill(ReplicaKey voter) {
        return !voter.hasDirectory()
                || directoryId(voter.id()).filter(voter.directoryId()::equals).isPresent();
    }

    private boolean isMajority(Set<ReplicaKey> voters, IntPredicate counts) {
        long count = voters.stream()
                .filter(voter -> isStill(voter) && counts.test(voter.id()))
                .count();
        return 2 * count > voters.size();
    }

    /** Whether those are a majority of the voters, by what the log of a node says. */
    boolean isMajority(int node, IntPredicate counts) {
        NavigableMap<Long, Set<ReplicaKey>> sets = voterSets(node);
        return sets.isEmpty() || isMajority(sets.lastEntry().getValue(), counts);
    }

    /** A node has come to lead an epoch. */
    void leads(int node, int epoch) {
        NavigableMap<Long, Set<ReplicaKey>> sets = voterSets(node);
        // Who votes may have been changed since, once.
        List<Set<ReplicaKey>> last =
                sets.descendingMap().values().stream().distinct().limit(2).toList();
        if (last.stream().noneMatch(voters -> isMajority(voters, voter -> notedEpoch(voter) >= epoch)))
            throw MetadataHistory.broken("M1: node " + node + " leads epoch " + epoch + " of the quorum, and"
                    + " no majority of " + last + " has noted that on its disks");
        if (last.stream().flatMap(Set::stream).noneMatch(voter -> voter.id() == node && isStill(voter)))
            throw MetadataHistory.broken("M8: node " + node + " leads epoch " + epoch
                    + " of the quorum, and is none of " + last + ": its directory is " + directoryId(node));
    }

    /** A node has read to that offset, as nobody had before. */
    void read(int node, long offset) {
        if (controllers.stream().noneMatch(each -> isHeldByMajorityOf(each, offset)))
            throw MetadataHistory.broken("M3: node " + node + " reads offset " + offset
                    + " as committed, and no majority of " + voters() + " has it");
        if (isDynamic) voterSets(node).headMap(offset, true).forEach(this::isCommitted);
    }

    /** Whether it is on a majority of those who voted there, or of those who came after them by the log of some controller. */
    private boolean isHeldByMajorityOf(int controller, long offset) {
        NavigableMap<Long, Set<ReplicaKey>> sets = voterSets(controller);
        Long there = sets.floorKey(offset);
        if (there == null) return false;
        return sets.tailMap(there, true).values().stream()
                .anyMatch(voters -> isMajority(voters, voter -> log(voter).endOffset() > offset));
    }

    private void isCommitted(long offset, Set<ReplicaKey> voters) {
        Set<ReplicaKey> known = committed.putIfAbsent(offset, voters);
        if (known != null) {
            if (!known.equals(voters))
                throw MetadataHistory.broken("M8: at " + offset + " the voters are " + known + " and " + voters);
            return;
        }
        var before = committed.lowerEntry(offset);
        var after = committed.higherEntry(offset);
        if (before != null) requireOneChange(before.getValue(), voters, offset);
        if (after != null) requireOneChange(voters, after.getValue(), after.getKey());
    }

    private static void requireOneChange(Set<ReplicaKey> before, Set<ReplicaKey> after, long offset) {
        long changes = before.stream().filter(each -> !after.contains(each)).count()
                + after.stream().filter(each -> !before.contains(each)).count();
        if (changes > 1)
            throw MetadataHistory.broken(
                    "M8: of the voters more than one changes at " + offset + ": after " + before + " come " + after);
    }

    /**
     * Whether the disk of a node can be replaced: all that it has of the metadata log, and the outcome of all elections that it has had a
     * part in, are on the disks of a majority without it. Static voters have no other protection (ADR 73).
     */
    boolean canSpare(int id) {
        if (!controllers.contains(id)) return true;
        return controllers.stream().allMatch(each -> {
            NavigableMap<Long, Set<ReplicaKey>> sets = voterSets(each);
            if (sets.isEmpty()) return each == id;
            Set<ReplicaKey> voters = sets.lastEntry().getValue();
            return voters.stream().noneMatch(voter -> voter.id() == id && isStill(voter))
                    || isMajority(voters, other -> other != id && canStandInFor(id, other));
        });
    }

    private boolean canStandInFor(int id, int other) {
        int epoch = notedEpoch(id);
        int itsEpoch = notedEpoch(other);
        if (itsEpoch < epoch || (itsEpoch == epoch && !knowsLeader(other))) return false;
        StoredLog log = log(id);
        long end = log.endOffset();
        if (end == 0) return true;
        ByteBuffer last = log.batchWith(end - 1);
        return last == null
                ? log(other).endOffset() >= end
                : last.equals(log(other).batchWith(end - 1));
    }

    private boolean knowsLeader(int voter) {
        String state = text(disk(voter), STATE);
        Matcher found = LEADER.matcher(state == null ? "" : state);
        return found.find() && Integer.parseInt(found.group(1)) >= 0;
    }

    private int notedEpoch(int voter) {
        String state = text(disk(voter), STATE);
        Matcher found = EPOCH.matcher(state == null ? "" : state);
        return found.find() ? Integer.parseInt(found.group(1)) : -1;
    }
}
