package io.millrace.server.partitions;

import io.millrace.environment.Lane;
import io.millrace.environment.Randomness;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.Uuid;
import io.millrace.records.TopicPartition;
import io.millrace.replication.FutureReplica;
import io.millrace.replication.run.LocalReplica;
import io.millrace.server.storage.LogDirectories;
import io.millrace.server.storage.LogsAtStart;
import io.millrace.storage.LogDirectory;
import io.millrace.storage.LogDirectoryFailed;
import io.millrace.storage.PartitionDirectoryName;
import io.millrace.storage.ProducerStateConfig;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The replicas of one lane that are being moved to another log directory (KIP-113): helpers copy, a slice at a time, while the replica goes
 * on serving; the lane itself only looks up what comes next, and changes the two over; it copies only where writers outrun the helpers. {@link FutureReplica} decides. Touched only on the
 * lane.
 */
public final class LaneMoves {
    private static final System.Logger LOG = System.getLogger(LaneMoves.class.getName());
    private static final int MAX_NAME_CHARS = 255;

    private final BrokerLane lane;
    private final LaneApplier applier;
    private final LogDirectories directories;
    private final Randomness randomness;
    private final Consumer<LogDirectoryFailed> diskFailed;
    private final ReplicaMove.Means means;
    private final Map<TopicPartition, ReplicaMove> moves = new HashMap<>();
    private boolean isStopped;

    LaneMoves(
            BrokerLane lane,
            LaneApplier applier,
            LogDirectories directories,
            Randomness randomness,
            ProducerStateConfig producerConfig,
            MoveTurns turns,
            Consumer<LogDirectoryFailed> diskFailed) {
        this.lane = lane;
        this.applier = applier;
        this.directories = directories;
        this.randomness = randomness;
        this.diskFailed = diskFailed;
        this.means = new ReplicaMove.Means(lane, applier, directories, producerConfig, turns, diskFailed);
    }

    /**
     * A copy on its way to be the replica.
     *
     * @param name of which partition
     * @param directory where the copy is
     * @param sizeBytes how large it is by now
     * @param offsetLag how many offsets it lacks
     */
    public record Copy(TopicPartition name, LogDirectories.InUse directory, long sizeBytes, long offsetLag) {}

    /** The copies under way. */
    public List<Copy> copies() {
        return moves.values().stream().map(ReplicaMove::progress).toList();
    }

    /**
     * AlterReplicaLogDirs for one replica: begins to move it, has it go elsewhere than it is going, or, if it is where it is wanted, ends the
     * move. A replica that is not here is remembered, and will be made there.
     *
     * @param path the log directory, as the server's properties name it
     */
    public ErrorCode request(TopicPartition name, String path) {
        String future = name.topic() + "-" + name.partition() + "." + "0".repeat(32) + "-future";
        if (future.length() > MAX_NAME_CHARS) return ErrorCode.INVALID_TOPIC_EXCEPTION;
        if (directories.isOfflinePath(path)) return ErrorCode.KAFKA_STORAGE_ERROR;
        LogDirectories.InUse to = directories.at(path).orElse(null);
        if (to == null) return ErrorCode.LOG_DIR_NOT_FOUND;
        if (directories.placement().isCordoned(to)) return ErrorCode.INVALID_REPLICA_ASSIGNMENT;
        LocalReplica partition = lane.partitions().replica(name);
        if (partition == null) {
            ErrorCode why = lane.whyNotLed(name);
            if (why == ErrorCode.KAFKA_STORAGE_ERROR) return why;
            if (applier.replica(name) == null) directories.placement().prefer(name, to);
            return why == ErrorCode.NOT_LEADER_OR_FOLLOWER ? ErrorCode.REPLICA_NOT_AVAILABLE : why;
        }
        LogDirectories.InUse from = applier.placeOf(name).orElse(null);
        if (from == null || isStopped) return ErrorCode.REPLICA_NOT_AVAILABLE;
        ReplicaMove before = moves.get(name);
        if (before != null && isSame(before.to(), to)) return ErrorCode.NONE;
        if (before != null) before.end(ReplicaMove.Ending.DISCARD);
        if (!isSame(from, to)) begin(partition, from, to, null);
        return ErrorCode.NONE;
    }

    private void begin(
            LocalReplica partition, LogDirectories.InUse from, LogDirectories.InUse to, @Nullable Path found) {
        ReplicaMove move = new ReplicaMove(this, means, partition, from, to);
        moves.put(partition.name(), move);
        LOG.log(
                System.Logger.Level.INFO,
                (found == null ? "moving " : "going on to move ") + partition.name() + " from "
                        + from.directory().path() + " to " + to.directory().path());
        move.begin(found);
    }

    /** A replica has another role, or has one again: its move goes on. If a copy of it was found at start, that goes on being made. */
    void assumed(LocalReplica partition) {
        ReplicaMove underWay = moves.get(partition.name());
        if (underWay != null) {
            underWay.goOnAs(partition);
            return;
        }
        LogsAtStart.Future found =
                directories.atStart().takeFuture(partition.name()).orElse(null);
        if (found == null) return;
        LogDirectories.InUse from = applier.placeOf(partition.name()).orElse(null);
        if (from == null || directories.isOffline(found.in())) return;
        boolean isIts = partition.log().topicId().equals(Optional.ofNullable(found.topicId()));
        if (isIts && !isSame(from, found.in()) && !isStopped) begin(partition, from, found.in(), found.path());
        else deleteSoon(found.in().directory(), found.path());
    }

    /** The replica's role has ended; its log stays open for the next one, and is not appended to until then. */
    void parked(TopicPartition name) {
        ReplicaMove move = moves.get(name);
        if (move != null) move.park();
    }

    /**
     * The log is about to be cut to what its leader has: what has been copied may not be in it any more, and the copy is begun anew. A crash
     * before the old one is deleted leaves it marked, so that no later run goes on with it.
     */
    void cut(TopicPartition name) {
        ReplicaMove move = moves.get(name);
        if (move == null) return;
        boolean isMarked = move.markStale();
        move.end(isMarked ? ReplicaMove.Ending.DISCARD : ReplicaMove.Ending.ABANDON);
        LocalReplica partition = lane.partitions().replica(name);
        if (isMarked && partition != null && !isStopped) begin(partition, move.from(), move.to(), null);
    }

    /** The partition's topic is deleted, or a copy of it is of no use. */
    void deleted(TopicPartition name) {
        ReplicaMove move = moves.get(name);
        if (move != null) move.end(ReplicaMove.Ending.DISCARD);
    }

    /** The log is closed, and may be opened again. */
    void closed(TopicPartition name) {
        ReplicaMove move = moves.get(name);
        if (move != null) move.end(ReplicaMove.Ending.SUSPEND);
    }

    /** A log directory has failed. */
    void directoryFailed(LogDirectories.InUse directory) {
        for (ReplicaMove move : List.copyOf(moves.values()))
            if (isSame(move.from(), directory) || isSame(move.to(), directory)) move.end(ReplicaMove.Ending.ABANDON);
    }

    /** Ends all moves, so that the next start can go on with them; {@code then} is run once they have ended. */
    void stop(Runnable then) {
        isStopped = true;
        List<ReplicaMove> last = List.copyOf(moves.values());
        int[] left = {last.size()};
        if (last.isEmpty()) then.run();
        for (ReplicaMove move : last)
            move.end(ReplicaMove.Ending.SUSPEND, () -> {
                if (--left[0] == 0) then.run();
            });
    }

    /** The original of a replica that was moved keeps its name for want of space: its directory would count as the partition's log. */
    void setAsideLater(TopicPartition name, LogDirectories.InUse from, Path left) {
        lane.lane().schedule(ReplicaMove.SPACE_PAUSE_MS, () -> {
            boolean isHereAgain =
                    applier.placeOf(name).filter(place -> isSame(place, from)).isPresent();
            if (isStopped || isHereAgain || directories.isOffline(from)) return;
            try {
                deleteSoon(
                        from.directory(),
                        from.directory().setAside(left, name, PartitionDirectoryName.State.DELETE, newId()));
            } catch (LogDirectoryFailed failure) {
                diskFailed.accept(failure);
                if (failure.isWantOfSpace()) setAsideLater(name, from, left);
            }
        });
    }

    /** A move is over, or is to be; another of the same replica may have begun. */
    void ended(ReplicaMove move) {
        moves.remove(move.name(), move);
    }

    boolean isMoving(TopicPartition name) {
        return moves.containsKey(name);
    }

    /** A copy was put down to be gone on with: at once, if the replica is here again. */
    void suspended(TopicPartition name) {
        LocalReplica again = lane.partitions().replica(name);
        if (again != null && !isStopped) assumed(again);
    }

    Uuid newId() {
        return new Uuid(randomness.nextLong(), randomness.nextLong());
    }

    void deleteSoon(LogDirectory directory, Path path) {
        lane.lane()
                .offload(
                        () -> {
                            directory.delete(path);
                            return path;
                        },
                        outcome -> {
                            if (outcome instanceof Lane.Outcome.Failed<Path>(Exception cause))
                                LOG.log(
                                        System.Logger.Level.WARNING,
                                        path + " could not be deleted now; the next start will try again",
                                        cause);
                        });
    }

    private static boolean isSame(LogDirectories.InUse one, LogDirectories.InUse other) {
        return one.id().equals(other.id());
    }
}
