package io.millrace.server.partitions;

import io.millrace.environment.Lane;
import io.millrace.environment.Randomness;
import io.millrace.metadata.DirectoryIds;
import io.millrace.metadata.MetadataImage;
import io.millrace.metadata.PartitionImage;
import io.millrace.metadata.TopicImage;
import io.millrace.protocol.Uuid;
import io.millrace.records.TopicPartition;
import io.millrace.server.storage.LogDirectories;
import io.millrace.server.storage.LogsAtStart;
import io.millrace.storage.LogConfig;
import io.millrace.storage.LogDirectory;
import io.millrace.storage.LogDirectoryFailed;
import io.millrace.storage.PartitionDirectoryName;
import io.millrace.storage.PartitionLog;
import io.millrace.storage.ProducerStateConfig;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.function.Consumer;

/**
 * Finds the log of a partition of one lane in the log directories and opens it, or makes it where it is to be. Touched only on the lane.
 *
 * <p>A log that was there at start may need recovery, so a helper opens it; one that is new is made at once, so that a client
 * that has just created a topic finds it.
 */
final class LogOpener {
    private static final System.Logger LOG = System.getLogger(LogOpener.class.getName());

    /** Who wants the logs. */
    interface Owner {
        /** A new log is there, and open. */
        void made(TopicPartition name, PartitionLog log);

        /** A helper has opened a log, after whatever else has happened. */
        void opened(TopicPartition name, Uuid topicId, LogDirectories.InUse directory, PartitionLog log);

        /** What the image says of a topic is to be looked at anew: one of its logs can be opened or made now. */
        void again(String topic);
    }

    private final BrokerLane lane;
    private final int brokerId;
    private final LogDirectories directories;
    private final Randomness randomness;
    private final ProducerStateConfig producerConfig;
    private final Consumer<LogDirectoryFailed> diskFailed;
    private final LogPlaces places;
    private final Owner owner;
    private final Openings openings;
    private final Set<TopicPartition> foundAndUsed = new HashSet<>();
    private final Set<Uuid> earlierTopics = new HashSet<>();
    private final Set<TopicPartition> withoutSpace = new LinkedHashSet<>();
    private boolean isStopped;

    LogOpener(
            BrokerLane lane,
            int brokerId,
            LogDirectories directories,
            Randomness randomness,
            ProducerStateConfig producerConfig,
            Consumer<LogDirectoryFailed> diskFailed,
            LogPlaces places,
            Owner owner) {
        this.lane = lane;
        this.brokerId = brokerId;
        this.directories = directories;
        this.randomness = randomness;
        this.producerConfig = producerConfig;
        this.diskFailed = diskFailed;
        this.places = places;
        this.owner = owner;
        this.openings = new Openings(lane.lane(), openingsAtATime());
    }

    /** This lane's share of {@code num.recovery.threads.per.data.dir}, one at least. */
    private int openingsAtATime() {
        int lanes = Math.max(1, lane.all().size());
        return Math.max(1, (lane.configs().brokerInt("num.recovery.threads.per.data.dir") + lanes - 1) / lanes);
    }

    /** The logs that helpers open. */
    Openings openings() {
        return openings;
    }

    /** Logs of this lane that lie in a directory and are not open: their turn has not come, they are damaged, or nobody leads them yet. */
    Map<TopicPartition, LogDirectories.InUse> unopened() {
        Map<TopicPartition, LogDirectories.InUse> unopened = openings.unopened();
        for (TopicPartition name : directories.atStart().found()) {
            if (foundAndUsed.contains(name) || lane.ownerOf(name) != lane) continue;
            TopicImage topic = lane.image().topics().topic(name.topic());
            PartitionImage partition = topic == null ? null : topic.partition(name.partition());
            if (topic == null || partition == null || ReplicaRole.of(brokerId, partition) == ReplicaRole.NONE) continue;
            directories
                    .atStart()
                    .found(name, topic.id())
                    .filter(found -> topic.id().equals(found.topicId()))
                    .ifPresent(found -> unopened.putIfAbsent(name, found.in()));
        }
        return unopened;
    }

    /** Nothing is opened anew any more. */
    void stop() {
        isStopped = true;
    }

    /** Opens the log of a partition, or makes it; the owner is told once it is open. */
    void open(TopicPartition name, Uuid topicId, LogConfig config) {
        Optional<LogsAtStart.Found> found = foundAndUsed.contains(name)
                ? Optional.empty()
                : directories.atStart().found(name, topicId);
        LogPlaces.Placement placed = places.of(name);
        if (placed != null && directories.isOffline(placed.directory())) return;
        if (found.isPresent() && directories.isOffline(found.get().in())) {
            lane.partitions().offline(name);
            return;
        }
        try {
            if (placed != null) openAgain(name, topicId, config);
            else if (found.isPresent()) openFound(found.get(), name, topicId, config);
            else create(name, topicId, config);
        } catch (LogDirectoryFailed failed) {
            if (failed.isWantOfSpace()) waitForSpace(name);
            diskFailed.accept(failed);
        }
    }

    /** Of use only if nobody knows where their partitions have begun. */
    void noteEarlier(MetadataImage first) {
        if (!directories.lacksSome()) return;
        for (TopicImage topic : first.topics().inOrder()) earlierTopics.add(topic.id());
    }

    /** Whether the log of a replica that nobody leads is lost, and is to begin anew, so that the controller hears of it. */
    boolean isLost(TopicPartition name, Uuid topicId, PartitionImage image) {
        return places.of(name) == null
                && (foundAndUsed.contains(name)
                        || directories.atStart().found(name, topicId).isEmpty())
                && isLost(image);
    }

    /**
     * Whether the directory of a replica is gone, as after a disk was replaced, and others keep what it had: all directories of this node are there, and
     * the controller does not count on the replica, so that it can begin with nothing and follow. The only replica there is stays offline.
     */
    private boolean isLost(PartitionImage image) {
        return directories.isGone(image.directoryOf(brokerId))
                && image.replicas().size() > 1
                && image.leader() != brokerId
                && !image.isr().contains(brokerId)
                && !image.elr().contains(brokerId);
    }

    private void create(TopicPartition name, Uuid topicId, LogConfig config) {
        PartitionImage image = lane.image().topics().partition(name.topic(), name.partition());
        Uuid assigned = image == null ? DirectoryIds.UNASSIGNED : image.directoryOf(brokerId);
        LogsAtStart.Future copy =
                directories.atStart().takeFuture(name, assigned, topicId).orElse(null);
        if (copy != null) {
            openPromoted(copy, name, topicId, config);
            return;
        }
        LogDirectories.InUse directory = directories
                .placement()
                .placeFor(name, assigned, earlierTopics.contains(topicId))
                .or(() ->
                        image != null && isLost(image) ? directories.placement().takeLeastUsed() : Optional.empty())
                .orElse(null);
        if (directory == null) {
            LOG.log(
                    System.Logger.Level.ERROR,
                    name + " stays offline: the log directory with id " + assigned
                            + ", or the one in which it may have begun, is not available");
            lane.partitions().offline(name);
            return;
        }
        boolean hasPlace = false;
        try {
            Path path = directory.directory().createPartition(name, topicId);
            PartitionLog log = PartitionLog.open(
                    directory.directory().disk(),
                    path,
                    name,
                    topicId,
                    config,
                    producerConfig,
                    0,
                    0,
                    false,
                    lane.clock().wallMs());
            places.putCounted(name, new LogPlaces.Placement(directory, topicId), 1);
            hasPlace = true;
            owner.made(name, log);
        } finally {
            if (!hasPlace) directories.placement().countPartitions(directory, -1);
        }
    }

    /**
     * Only a copy is here of a replica that the metadata says is in the copy's directory: another broker's run ended just before it was to
     * take the name, and the original is gone.
     */
    private void openPromoted(LogsAtStart.Future copy, TopicPartition name, Uuid topicId, LogConfig config) {
        LogDirectories.InUse use = copy.in();
        Path path = use.directory().promote(copy.path(), name);
        LOG.log(System.Logger.Level.WARNING, name + " goes on in " + path + ", a copy that had not taken its name");
        openOnHelper(
                name,
                topicId,
                use,
                () -> PartitionLog.open(
                        use.directory().disk(),
                        path,
                        name,
                        topicId,
                        config,
                        producerConfig,
                        0,
                        0,
                        false,
                        lane.clock().wallMs()));
    }

    /** Leadership came back to a log that this process has closed before. */
    private void openAgain(TopicPartition name, Uuid topicId, LogConfig config) {
        LogPlaces.Placement placement = places.of(name);
        if (placement == null) throw new IllegalStateException(name + " has no place");
        LogDirectory directory = placement.directory().directory();
        Path path = directory.path().resolve(PartitionDirectoryName.of(name));
        ClosedLog before = places.closedAt(name);
        long recoveryPoint = before == null ? 0 : before.recoveryPoint();
        long logStartOffset = before == null ? 0 : before.logStartOffset();
        long highWatermark = before == null ? 0 : before.highWatermark();
        openOnHelper(
                name,
                topicId,
                placement.directory(),
                () -> withHighWatermark(
                        highWatermark,
                        PartitionLog.open(
                                directory.disk(),
                                path,
                                name,
                                topicId,
                                config,
                                producerConfig,
                                recoveryPoint,
                                logStartOffset,
                                before != null,
                                lane.clock().wallMs())));
    }

    private void openFound(LogsAtStart.Found found, TopicPartition name, Uuid topicId, LogConfig config) {
        foundAndUsed.add(name);
        for (LogsAtStart.Found other : directories.atStart().allFound(name))
            if (!other.path().equals(found.path())) setAsideOther(other, name, topicId);
        // It was of a topic that is gone, and has been set aside since it was found.
        if (!found.in().directory().disk().exists(found.path())) {
            create(name, topicId, config);
            return;
        }
        if (found.topicId() != null && !found.topicId().equals(topicId)) {
            setAside(found, name, topicId);
            create(name, topicId, config);
            return;
        }
        LogDirectories.InUse use = found.in();
        openOnHelper(
                name,
                topicId,
                use,
                () -> withHighWatermark(
                        found.highWatermark(name),
                        PartitionLog.open(
                                use.directory().disk(),
                                found.path(),
                                name,
                                topicId,
                                config,
                                producerConfig,
                                found.recoveryPoint(name),
                                found.logStartOffset(name),
                                use.wasClean(),
                                lane.clock().wallMs())));
    }

    /** What a crash has taken from the end of the log cannot be committed. */
    private static PartitionLog withHighWatermark(long highWatermark, PartitionLog log) {
        log.advanceHighWatermark(highWatermark);
        return log;
    }

    /** A directory of a topic that was deleted and made again under this name meanwhile (R14). */
    private void setAside(LogsAtStart.Found found, TopicPartition name, Uuid topicId) {
        LOG.log(
                System.Logger.Level.WARNING,
                found.path() + " belongs to topic id " + found.topicId() + ", and " + name.topic() + " is now "
                        + topicId + "; it is set aside");
        found.in().directory().setAside(found.path(), name, PartitionDirectoryName.State.STRAY, newId());
    }

    /** It lies in another log directory, which may fail alone: nothing is made in it then. */
    private void setAsideOther(LogsAtStart.Found other, TopicPartition name, Uuid topicId) {
        if (directories.isOffline(other.in())) return;
        try {
            if (other.in().directory().disk().exists(other.path())) setAside(other, name, topicId);
        } catch (LogDirectoryFailed failed) {
            diskFailed.accept(failed);
        }
    }

    private void openOnHelper(
            TopicPartition name, Uuid topicId, LogDirectories.InUse directory, Callable<PartitionLog> work) {
        openings.add(name, directory, work, outcome -> {
            switch (outcome) {
                case Lane.Outcome.Done<PartitionLog>(PartitionLog log) -> owner.opened(name, topicId, directory, log);
                case Lane.Outcome.Failed<PartitionLog>(Exception cause) -> notOpened(name, topicId, directory, cause);
            }
        });
    }

    private void notOpened(TopicPartition name, Uuid topicId, LogDirectories.InUse directory, Exception cause) {
        lane.partitions().offline(name);
        if (cause instanceof LogDirectoryFailed failed) {
            if (failed.isWantOfSpace()) waitForSpace(name);
            diskFailed.accept(failed);
            return;
        }
        LOG.log(
                System.Logger.Level.ERROR,
                name + " in " + directory.directory().path() + " stays offline: " + cause.getMessage(),
                cause);
        TopicImage topic = lane.image().topics().topic(name.topic());
        if (isStopped || (topic != null && topic.id().equals(topicId))) return;
        setOfflineAside(name, directory);
        owner.again(name.topic());
    }

    private void waitForSpace(TopicPartition name) {
        lane.partitions().offline(name);
        withoutSpace.add(name);
    }

    /** There is more space in some log directory: logs that could not be opened or made for want of it are tried again. */
    void spaceHasGrown() {
        if (isStopped || withoutSpace.isEmpty()) return;
        List<TopicPartition> again = List.copyOf(withoutSpace);
        withoutSpace.clear();
        Set<String> topics = new LinkedHashSet<>();
        for (TopicPartition name : again) {
            openings.takeOffline(name);
            lane.partitions().online(name);
            foundAndUsed.remove(name);
            topics.add(name.topic());
        }
        for (String topic : topics) owner.again(topic);
    }

    /** The topic of a log that could not be opened is gone: the name has to be free, and what is left may still be wanted. */
    void setOfflineAside(TopicPartition name, LogDirectories.InUse directory) {
        openings.takeOffline(name);
        withoutSpace.remove(name);
        places.forget(name);
        lane.partitions().online(name);
        if (directories.isOffline(directory)) return;
        LogDirectory home = directory.directory();
        Path path = home.path().resolve(PartitionDirectoryName.of(name));
        try {
            if (home.disk().exists(path)) home.setAside(path, name, PartitionDirectoryName.State.STRAY, newId());
        } catch (LogDirectoryFailed failed) {
            diskFailed.accept(failed);
        }
    }

    private Uuid newId() {
        return new Uuid(randomness.nextLong(), randomness.nextLong());
    }
}
