package io.millrace.server.partitions;

import io.millrace.coordinators.group.DeletedTopic;
import io.millrace.environment.Lane;
import io.millrace.environment.Randomness;
import io.millrace.metadata.ConfigResource;
import io.millrace.metadata.DirectoryIds;
import io.millrace.metadata.MetadataImage;
import io.millrace.metadata.PartitionImage;
import io.millrace.metadata.TopicImage;
import io.millrace.protocol.Uuid;
import io.millrace.records.TopicPartition;
import io.millrace.replication.PartitionRegistration;
import io.millrace.replication.ReplicationLimits;
import io.millrace.replication.run.LeaderPartition;
import io.millrace.server.groups.LaneGroups;
import io.millrace.server.storage.LaneSpace;
import io.millrace.server.storage.LogDirectories;
import io.millrace.storage.LogConfig;
import io.millrace.storage.LogDirectory;
import io.millrace.storage.LogDirectoryFailed;
import io.millrace.storage.PartitionDirectoryName;
import io.millrace.storage.PartitionLog;
import io.millrace.storage.ProducerStateConfig;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Makes one lane's share of the partitions what the newest image says: opens and creates logs, takes up and lays down
 * leadership, deletes. Touched only on that lane.
 *
 * <p>A log that was there at start may need recovery, so a helper opens it; one that is new is made at once, so that a client
 * that has just created a topic finds it.
 */
public final class LaneApplier {
    private static final System.Logger LOG = System.getLogger(LaneApplier.class.getName());

    private static final long DELETE_DELAY_WITHOUT_SPACE_MS = 1_000;

    private final BrokerLane lane;
    private final int brokerId;
    private final LogDirectories directories;
    private final Randomness randomness;
    private final ProducerStateConfig producerConfig;
    private final Consumer<LogDirectoryFailed> diskFailed;
    private final Openings openings;
    private final Map<TopicPartition, Placement> placements = new HashMap<>();
    private final Set<TopicPartition> foundAndUsed = new HashSet<>();
    private final Map<TopicPartition, Closed> closed = new HashMap<>();
    private final Set<TopicPartition> closing = new HashSet<>();
    private final Set<Uuid> earlierTopics = new HashSet<>();
    private final LaneMoves moves;
    private final LaneInSync inSync;
    private boolean isBeforeFirst = true;
    private final IdentityHashMap<LogDirectories.InUse, LaneSpace> spaces = new IdentityHashMap<>();
    private final Set<TopicPartition> withoutSpace = new LinkedHashSet<>();
    private boolean isAmongOthers;
    private final Set<TopicPartition> ledForOthers = new HashSet<>();
    private boolean isStopped;

    private record Placement(LogDirectories.InUse directory, Uuid topicId) {}

    /**
     * Where a log ended that this process has closed while it runs on.
     *
     * @param recoveryPoint its end, all of which was forced
     * @param logStartOffset its first offset
     * @param highWatermark everything below was known to be committed
     * @param topicId whose log it is
     */
    public record Closed(long recoveryPoint, long logStartOffset, long highWatermark, Uuid topicId) {}

    /**
     * Gives a lane its applier, before it works.
     *
     */
    public static void install(
            BrokerLane lane,
            int brokerId,
            LogDirectories directories,
            Randomness randomness,
            ProducerStateConfig producerConfig,
            MoveTurns turns,
            Consumer<LogDirectoryFailed> diskFailed) {
        lane.applier(new LaneApplier(lane, brokerId, directories, randomness, producerConfig, turns, diskFailed));
    }

    private LaneApplier(
            BrokerLane lane,
            int brokerId,
            LogDirectories directories,
            Randomness randomness,
            ProducerStateConfig producerConfig,
            MoveTurns turns,
            Consumer<LogDirectoryFailed> diskFailed) {
        this.lane = lane;
        this.brokerId = brokerId;
        this.directories = directories;
        this.randomness = randomness;
        this.producerConfig = producerConfig;
        this.diskFailed = diskFailed;
        this.inSync = new LaneInSync(lane, brokerId);
        this.openings = new Openings(lane.lane(), openingsAtATime());
        this.moves = new LaneMoves(lane, this, directories, randomness, producerConfig, turns, diskFailed);
    }

    /** This lane's share of {@code num.recovery.threads.per.data.dir}, one at least. */
    private int openingsAtATime() {
        int lanes = Math.max(1, lane.all().size());
        return Math.max(1, (lane.configs().brokerInt("num.recovery.threads.per.data.dir") + lanes - 1) / lanes);
    }

    /** The broker is one of several of its cluster; before the first image. */
    public void standsAmongOthers() {
        isAmongOthers = true;
    }

    /** Takes a newer image over. */
    public void apply(ImageChange change) {
        if (isStopped) return;
        if (isBeforeFirst) noteEarlier(change.after());
        isBeforeFirst = false;
        lane.image(change.after());
        if (change.brokerConfigsChanged())
            lane.configs(lane.configs()
                    .withDynamic(
                            change.after().configs().of(ConfigResource.BROKER_DEFAULT),
                            change.after().configs().of(ConfigResource.broker(brokerId))));
        for (TopicImage topic : change.deleted()) delete(topic);
        if (!change.deleted().isEmpty())
            lane.groups()
                    .topicsDeleted(change.deleted().stream()
                            .map(topic -> new DeletedTopic(topic.name(), topic.id()))
                            .toList());
        for (TopicImage topic : change.changed()) follow(topic);
        if (change.brokerConfigsChanged())
            for (LeaderPartition partition : lane.partitions().all()) {
                partition.updateConfig(configOf(partition.name().topic()));
                partition.updateLimits(inSync.limitsOf(partition.name().topic()));
            }
    }

    /** Runs {@code then} once no log is being opened; at once if none is. */
    public void whenSettled(Runnable then) {
        openings.whenSettled(then);
    }

    /** The properties in force of a topic, as a log understands them. */
    private LogConfig configOf(String topic) {
        return LogConfig.from(lane.configs().topicConfigs(lane.image().configs().of(ConfigResource.topic(topic))));
    }

    private void follow(TopicImage topic) {
        @Nullable LogConfig config = null;
        ReplicationLimits limits = ReplicationLimits.DEFAULT;
        for (int index = 0; index < topic.partitionCount(); index++) {
            TopicPartition name = new TopicPartition(topic.name(), index);
            if (lane.ownerOf(name) != lane) continue;
            if (config == null) {
                config = configOf(topic.name());
                limits = inSync.limitsOf(topic.name());
            }
            PartitionImage partition = topic.partition(index);
            if (partition == null) continue;
            LeaderPartition led = lane.partitions().find(name);
            if (led != null) led.updateConfig(config);
            if (isLedForOthers(name, partition)) stopLeading(name);
            else if (partition.leader() != brokerId) stopLeading(name);
            else if (led != null) goOnLeading(led, partition, limits);
            else if (canOpen(name)) open(name, topic.id(), config);
        }
    }

    /**
     * Whether other brokers keep replicas of what this one is to lead. So far nothing brings records to them, so nothing may be
     * acknowledged: the partition is answered as one that is offline here.
     */
    private boolean isLedForOthers(TopicPartition name, PartitionImage partition) {
        boolean isSo = isAmongOthers
                && partition.leader() == brokerId
                && partition.replicas().size() > 1;
        if (!isSo && ledForOthers.remove(name)) lane.partitions().online(name);
        if (!isSo || !ledForOthers.add(name)) return isSo;
        lane.partitions().offline(name);
        LOG.log(
                System.Logger.Level.ERROR,
                name + " stays offline: its replicas are " + partition.replicas()
                        + ", and this version does not replicate partitions");
        return true;
    }

    private void goOnLeading(LeaderPartition led, PartitionImage image, ReplicationLimits limits) {
        led.updateLimits(limits);
        if (image.leaderEpoch() > led.leaderEpoch() || image.partitionEpoch() > led.partitionEpoch())
            inSync.registered(led, registrationOf(image));
        inSync.led(led, image);
    }

    private static PartitionRegistration registrationOf(PartitionImage image) {
        return new PartitionRegistration(image.leaderEpoch(), image.partitionEpoch(), image.replicas(), image.isr());
    }

    /** The in-sync sets of the partitions led on this lane. */
    public LaneInSync inSync() {
        return inSync;
    }

    private boolean canOpen(TopicPartition name) {
        return !openings.isOpening(name) && !openings.isOffline(name) && !closing.contains(name);
    }

    private void stopLeading(TopicPartition name) {
        moves.resigned(name);
        LeaderPartition gone = lane.partitions().remove(name);
        if (gone == null) return;
        if (name.topic().equals(LaneGroups.TOPIC)) lane.groups().resign(name.partition());
        closing.add(name);
        gone.whenIdle(() -> {
            closing.remove(name);
            close(name, gone.log());
            followAgain(name.topic());
        });
    }

    private void close(TopicPartition name, PartitionLog log) {
        Placement placement = placements.get(name);
        if (placement == null) return;
        try {
            log.close();
            closed.put(
                    name,
                    new Closed(log.recoveryPoint(), log.logStartOffset(), log.highWatermark(), placement.topicId()));
        } catch (LogDirectoryFailed failed) {
            if (isStopped) openings.stayedOpen(name, placement.directory());
            diskFailed.accept(failed);
        }
    }

    /** What the image says of a topic may have changed while one of its logs was opened or closed. */
    private void followAgain(String name) {
        TopicImage topic = lane.image().topics().topic(name);
        if (topic != null && !isStopped) follow(topic);
    }

    private void open(TopicPartition name, Uuid topicId, LogConfig config) {
        Optional<LogDirectories.Found> found =
                foundAndUsed.contains(name) ? Optional.empty() : directories.found(name, topicId);
        Placement placed = placements.get(name);
        if (placed != null && directories.isOffline(placed.directory())) return;
        if (found.isPresent() && directories.isOffline(found.get().in())) {
            lane.partitions().offline(name);
            return;
        }
        try {
            if (placements.containsKey(name)) openAgain(name, topicId, config);
            else if (found.isPresent()) openFound(found.get(), name, topicId, config);
            else create(name, topicId, config);
        } catch (LogDirectoryFailed failed) {
            if (failed.isWantOfSpace()) waitForSpace(name);
            diskFailed.accept(failed);
        }
    }

    /** Of use only if nobody knows where their partitions have begun. */
    private void noteEarlier(MetadataImage first) {
        if (!directories.lacksSome()) return;
        for (TopicImage topic : first.topics().inOrder()) earlierTopics.add(topic.id());
    }

    private void create(TopicPartition name, Uuid topicId, LogConfig config) {
        PartitionImage image = lane.image().topics().partition(name.topic(), name.partition());
        Uuid assigned = image == null ? DirectoryIds.UNASSIGNED : image.directoryOf(brokerId);
        LogDirectories.Future copy =
                directories.takeFuture(name, assigned, topicId).orElse(null);
        if (copy != null) {
            openPromoted(copy, name, topicId, config);
            return;
        }
        LogDirectories.InUse directory = directories
                .placeFor(name, assigned, earlierTopics.contains(topicId))
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
            placeCounted(name, new Placement(directory, topicId), 1);
            hasPlace = true;
            lead(name, log);
        } finally {
            if (!hasPlace) directories.countPartitions(directory, -1);
        }
    }

    /**
     * Only a copy is here of a replica that the metadata says is in the copy's directory: another broker's run ended just before it was to
     * take the name, and the original is gone.
     */
    private void openPromoted(LogDirectories.Future copy, TopicPartition name, Uuid topicId, LogConfig config) {
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
        Placement placement = placements.get(name);
        if (placement == null) throw new IllegalStateException(name + " has no place");
        LogDirectory directory = placement.directory().directory();
        Path path = directory.path().resolve(PartitionDirectoryName.of(name));
        Closed before = closed.get(name);
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

    private void openFound(LogDirectories.Found found, TopicPartition name, Uuid topicId, LogConfig config) {
        foundAndUsed.add(name);
        for (LogDirectories.Found other : directories.allFound(name))
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
    private void setAside(LogDirectories.Found found, TopicPartition name, Uuid topicId) {
        LOG.log(
                System.Logger.Level.WARNING,
                found.path() + " belongs to topic id " + found.topicId() + ", and " + name.topic() + " is now "
                        + topicId + "; it is set aside");
        found.in().directory().setAside(found.path(), name, PartitionDirectoryName.State.STRAY, newId());
    }

    /** It lies in another log directory, which may fail alone: nothing is made in it then. */
    private void setAsideOther(LogDirectories.Found other, TopicPartition name, Uuid topicId) {
        if (directories.isOffline(other.in())) return;
        try {
            if (other.in().directory().disk().exists(other.path())) setAside(other, name, topicId);
        } catch (LogDirectoryFailed failed) {
            diskFailed.accept(failed);
        }
    }

    private void openOnHelper(
            TopicPartition name,
            Uuid topicId,
            LogDirectories.InUse directory,
            java.util.concurrent.Callable<PartitionLog> work) {
        openings.add(name, directory, work, outcome -> {
            switch (outcome) {
                case Lane.Outcome.Done<PartitionLog>(PartitionLog log) -> opened(name, topicId, directory, log);
                case Lane.Outcome.Failed<PartitionLog>(Exception cause) -> notOpened(name, topicId, directory, cause);
            }
        });
    }

    private void opened(TopicPartition name, Uuid topicId, LogDirectories.InUse directory, PartitionLog log) {
        for (String note : log.recovery().notes())
            LOG.log(System.Logger.Level.INFO, "recovering " + log.directory() + ": " + note);
        place(name, new Placement(directory, topicId));
        if (directories.isOffline(directory)) {
            lane.partitions().offline(name);
            abandon(log);
            return;
        }
        TopicImage topic = lane.image().topics().topic(name.topic());
        boolean isCurrent = topic != null && topic.id().equals(topicId) && leaderOf(topic, name) == brokerId;
        if (isStopped || !isCurrent) {
            close(name, log);
            if (isStopped) return;
            if (topic == null || !topic.id().equals(topicId)) deleteDirectory(name, log);
            followAgain(name.topic());
            return;
        }
        log.updateConfig(configOf(name.topic()));
        lead(name, log);
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
        followAgain(name.topic());
    }

    private void waitForSpace(TopicPartition name) {
        lane.partitions().offline(name);
        withoutSpace.add(name);
    }

    /** There is more space in some log directory: logs that could not be opened or made for want of it are tried again. */
    public void spaceHasGrown() {
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
        for (String topic : topics) followAgain(topic);
    }

    /** Whether a log directory takes less than everything for want of space. */
    public boolean isShortOfSpace() {
        return directories.isShortOfSpace();
    }

    /**
     * How long the files of a log stay that it needs no more: {@code file.delete.delay.ms}, or not long where space is wanted.
     * Whoever reads one has it open, and goes on reading.
     */
    public long fileDeleteDelayMs(PartitionLog log) {
        long delayMs = log.config().fileDeleteDelayMs();
        return directories.isShortOfSpace() ? Math.min(delayMs, DELETE_DELAY_WITHOUT_SPACE_MS) : delayMs;
    }

    /** Appends refused on this lane for want of space. */
    public long appendsWithoutSpace() {
        long refusals = 0;
        for (LaneSpace space : spaces.values()) refusals += space.refusals();
        return refusals;
    }

    /** What this lane may use of the room in a directory. */
    LaneSpace spaceIn(LogDirectories.InUse directory) {
        return spaces.computeIfAbsent(
                directory,
                use -> new LaneSpace(
                        directories.spaceOf(use), Math.max(1, lane.all().size())));
    }

    /** The topic of a log that could not be opened is gone: the name has to be free, and what is left may still be wanted. */
    private void setOfflineAside(TopicPartition name, LogDirectories.InUse directory) {
        openings.takeOffline(name);
        withoutSpace.remove(name);
        placements.remove(name);
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

    private static int leaderOf(TopicImage topic, TopicPartition name) {
        PartitionImage partition = topic.partition(name.partition());
        return partition == null ? PartitionImage.NO_LEADER : partition.leader();
    }

    private void lead(TopicPartition name, PartitionLog log) {
        closed.remove(name);
        PartitionImage image = lane.image().topics().partition(name.topic(), name.partition());
        if (image == null) throw new IllegalStateException(name + " is not in the image");
        Placement placement = placements.get(name);
        if (placement == null) throw new IllegalStateException(name + " has no place");
        log.askBeforeAppends(spaceIn(placement.directory()));
        LeaderPartition partition = new LeaderPartition(
                name,
                log,
                registrationOf(image),
                inSync.limitsOf(name.topic()),
                inSync,
                lane.lane(),
                lane.clock(),
                lane.forces(),
                diskFailed);
        lane.partitions().add(partition);
        inSync.led(partition, image);
        if (name.topic().equals(LaneGroups.TOPIC)) lane.groups().lead(partition);
        moves.led(partition);
    }

    /** The replicas of this lane that are on their way to another directory. */
    public LaneMoves moves() {
        return moves;
    }

    /** Where a log of this lane is, if it has a place. */
    Optional<LogDirectories.InUse> placeOf(TopicPartition name) {
        return Optional.ofNullable(placements.get(name)).map(Placement::directory);
    }

    /** A log has come to lie in another directory. */
    void moved(TopicPartition name, LogDirectories.InUse to) {
        Placement before = placements.remove(name);
        if (before == null) throw new IllegalStateException(name + " has no place");
        directories.countPartitions(before.directory(), -1);
        place(name, new Placement(to, before.topicId()));
    }

    private void place(TopicPartition name, Placement placement) {
        placeCounted(name, placement, 0);
    }

    private void placeCounted(TopicPartition name, Placement placement, int counted) {
        lane.partitions().online(name);
        int wanted = placements.put(name, placement) == null ? 1 : 0;
        if (wanted != counted) directories.countPartitions(placement.directory(), wanted - counted);
        TopicImage topic = lane.image().topics().topic(name.topic());
        PartitionImage image = topic == null ? null : topic.partition(name.partition());
        if (topic == null || image == null || !topic.id().equals(placement.topicId())) return;
        if (!image.directoryOf(brokerId).equals(placement.directory().id()))
            directories.tellPlaced(topic.id(), name.partition(), placement.directory());
    }

    /**
     * A log directory has failed: nothing in it is led, read or written any more. Whoever waits at one of its partitions is
     * answered.
     */
    public void directoryFailed(LogDirectories.InUse directory) {
        moves.directoryFailed(directory);
        placements.forEach((name, placement) -> {
            if (!placement.directory().id().equals(directory.id())) return;
            lane.partitions().offline(name);
            LeaderPartition gone = lane.partitions().remove(name);
            if (gone == null) return;
            if (name.topic().equals(LaneGroups.TOPIC)) lane.groups().resign(name.partition());
            gone.whenIdle(() -> abandon(gone.log()));
        });
    }

    private static void abandon(PartitionLog log) {
        try {
            log.abandon();
        } catch (LogDirectoryFailed again) {
            LOG.log(System.Logger.Level.WARNING, "files of a failed log directory could not be closed", again);
        }
    }

    private void delete(TopicImage topic) {
        for (int index = 0; index < topic.partitionCount(); index++) {
            TopicPartition name = new TopicPartition(topic.name(), index);
            if (lane.ownerOf(name) != lane) continue;
            LogDirectories.InUse offlineIn = openings.takeOffline(name);
            if (offlineIn != null) setOfflineAside(name, offlineIn);
            ledForOthers.remove(name);
            LeaderPartition led = lane.partitions().find(name);
            if (led != null && !topic.id().equals(led.log().topicId().orElse(topic.id()))) continue;
            lane.partitions().online(name);
            LeaderPartition gone = lane.partitions().remove(name);
            if (gone == null) {
                forgetOffline(name, topic.id());
                continue;
            }
            if (topic.name().equals(LaneGroups.TOPIC)) lane.groups().resign(index);
            deleteDirectory(name, gone.log());
        }
    }

    /** What is left of it in a failed directory is set aside when that comes back, at a later start. */
    private void forgetOffline(TopicPartition name, Uuid topicId) {
        Placement placement = placements.get(name);
        if (placement == null || !placement.topicId().equals(topicId) || !directories.isOffline(placement.directory()))
            return;
        placements.remove(name);
        directories.countPartitions(placement.directory(), -1);
    }

    /** Renames the directory at once, so that its name is free, and deletes it after {@code file.delete.delay.ms}. */
    private void deleteDirectory(TopicPartition name, PartitionLog log) {
        moves.deleted(name);
        Placement placement = placements.remove(name);
        closed.remove(name);
        if (placement == null) return;
        directories.countPartitions(placement.directory(), -1);
        LogDirectory directory = placement.directory().directory();
        try {
            Path aside = directory.setAside(log.directory(), name, PartitionDirectoryName.State.DELETE, newId());
            log.directoryRenamed(aside);
            letGoOf(log);
            lane.lane()
                    .schedule(
                            fileDeleteDelayMs(log),
                            () -> lane.lane()
                                    .offload(
                                            () -> {
                                                directory.delete(aside);
                                                return aside;
                                            },
                                            outcome -> {
                                                if (outcome instanceof Lane.Outcome.Failed<Path>(Exception cause))
                                                    LOG.log(
                                                            System.Logger.Level.WARNING,
                                                            aside
                                                                    + " could not be deleted now; the next start will try again",
                                                            cause);
                                            }));
        } catch (LogDirectoryFailed failed) {
            diskFailed.accept(failed);
        }
    }

    /** Nothing of a deleted log needs to be forced; asked twice in a row, it lets go of its files. */
    private static void letGoOf(PartitionLog log) {
        log.closeIdleFiles();
        log.closeIdleFiles();
    }

    private Uuid newId() {
        return new Uuid(randomness.nextLong(), randomness.nextLong());
    }

    /** The log directory each partition of this lane is in. */
    public Map<TopicPartition, LogDirectories.InUse> places() {
        Map<TopicPartition, LogDirectories.InUse> places = new HashMap<>();
        placements.forEach((name, placement) -> places.put(name, placement.directory()));
        return places;
    }

    /** How far the opening of logs has come. */
    public OpeningCounts openings() {
        return openings.counts();
    }

    /** Logs of this lane that lie in a directory and are not open, because their turn has not come or they are damaged. */
    public Map<TopicPartition, LogDirectories.InUse> unopened() {
        return openings.unopened();
    }

    /** Where a log of this lane ended that was closed since, if it was. */
    public Optional<Closed> closed(TopicPartition name) {
        return Optional.ofNullable(closed.get(name));
    }

    /**
     * No image is applied any more. Logs that wait to be opened are let go where the next start would trust them as this one
     * did. Those of a directory that was not stopped in order are recovered first, as long as patience lasts: with one left the
     * directory could not be marked clean, and the next start would recover it once more.
     *
     * @param recoveryPatienceMs after which no recovery is begun any more; at least 0
     * @param settled is run once no log is being opened or moved
     */
    public void stop(long recoveryPatienceMs, Runnable settled) {
        isStopped = true;
        openings.dropWaiting(LogDirectories.InUse::wasClean);
        if (recoveryPatienceMs == 0) openings.dropWaiting(directory -> true);
        else lane.lane().schedule(recoveryPatienceMs, () -> openings.dropWaiting(directory -> true));
        openings.whenSettled(() -> moves.stop(settled));
    }

    /**
     * Lays all leaderships down, after {@link #stop}.
     *
     * @param then gets the logs to be closed, once none of them is being forced
     */
    public void layDown(Consumer<List<PartitionLog>> then) {
        List<LeaderPartition> all = List.copyOf(lane.partitions().all());
        List<PartitionLog> logs = new ArrayList<>();
        if (all.isEmpty()) then.accept(logs);
        for (LeaderPartition partition : all) {
            lane.partitions().remove(partition.name());
            if (partition.name().topic().equals(LaneGroups.TOPIC))
                lane.groups().resign(partition.name().partition());
            partition.whenIdle(() -> {
                logs.add(partition.log());
                if (logs.size() == all.size()) then.accept(logs);
            });
        }
    }
}
