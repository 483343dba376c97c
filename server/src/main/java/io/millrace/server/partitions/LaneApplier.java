package io.millrace.server.partitions;

import io.millrace.coordinators.group.DeletedTopic;
import io.millrace.environment.Randomness;
import io.millrace.metadata.ConfigResource;
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
import io.millrace.storage.LogDirectoryFailed;
import io.millrace.storage.PartitionLog;
import io.millrace.storage.ProducerStateConfig;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Makes one lane's share of the partitions what the newest image says: opens and creates logs, takes up and lays down
 * leadership, deletes. Touched only on that lane.
 */
public final class LaneApplier {
    private static final System.Logger LOG = System.getLogger(LaneApplier.class.getName());

    private static final long DELETE_DELAY_WITHOUT_SPACE_MS = 1_000;

    private final BrokerLane lane;
    private final int brokerId;
    private final LogDirectories directories;
    private final Consumer<LogDirectoryFailed> diskFailed;
    private final LogPlaces places;
    private final LogOpener opener;
    private final LogDeletion deletion;
    private final Set<TopicPartition> closing = new HashSet<>();
    private final LaneMoves moves;
    private final LaneInSync inSync;
    private boolean isBeforeFirst = true;
    private final IdentityHashMap<LogDirectories.InUse, LaneSpace> spaces = new IdentityHashMap<>();
    private boolean isAmongOthers;
    private final Set<TopicPartition> ledForOthers = new HashSet<>();
    private boolean isStopped;

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
        this.diskFailed = diskFailed;
        this.inSync = new LaneInSync(lane, brokerId);
        this.places = new LogPlaces(lane, brokerId, directories);
        this.opener = new LogOpener(
                lane, brokerId, directories, randomness, producerConfig, diskFailed, places, new OpenedLogs());
        this.deletion = new LogDeletion(lane, randomness, diskFailed);
        this.moves = new LaneMoves(lane, this, directories, randomness, producerConfig, turns, diskFailed);
    }

    /** The broker is one of several of its cluster; before the first image. */
    public void standsAmongOthers() {
        isAmongOthers = true;
    }

    /** Takes a newer image over. */
    public void apply(ImageChange change) {
        if (isStopped) return;
        if (isBeforeFirst) opener.noteEarlier(change.after());
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
        opener.openings().whenSettled(then);
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
            else if (canOpen(name)) opener.open(name, topic.id(), config);
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
        return !opener.openings().isOpening(name)
                && !opener.openings().isOffline(name)
                && !closing.contains(name);
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
        LogPlaces.Placement placement = places.of(name);
        if (placement == null) return;
        try {
            log.close();
            places.closed(name, log, placement.topicId());
        } catch (LogDirectoryFailed failed) {
            if (isStopped) opener.openings().stayedOpen(name, placement.directory());
            diskFailed.accept(failed);
        }
    }

    /** What the image says of a topic may have changed while one of its logs was opened or closed. */
    private void followAgain(String name) {
        TopicImage topic = lane.image().topics().topic(name);
        if (topic != null && !isStopped) follow(topic);
    }

    private final class OpenedLogs implements LogOpener.Owner {
        @Override
        public void made(TopicPartition name, PartitionLog log) {
            lead(name, log);
        }

        @Override
        public void opened(TopicPartition name, Uuid topicId, LogDirectories.InUse directory, PartitionLog log) {
            LaneApplier.this.opened(name, topicId, directory, log);
        }

        @Override
        public void again(String topic) {
            followAgain(topic);
        }
    }

    private void opened(TopicPartition name, Uuid topicId, LogDirectories.InUse directory, PartitionLog log) {
        for (String note : log.recovery().notes())
            LOG.log(System.Logger.Level.INFO, "recovering " + log.directory() + ": " + note);
        places.put(name, new LogPlaces.Placement(directory, topicId));
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

    /** There is more space in some log directory: logs that could not be opened or made for want of it are tried again. */
    public void spaceHasGrown() {
        if (!isStopped) opener.spaceHasGrown();
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

    private static int leaderOf(TopicImage topic, TopicPartition name) {
        PartitionImage partition = topic.partition(name.partition());
        return partition == null ? PartitionImage.NO_LEADER : partition.leader();
    }

    private void lead(TopicPartition name, PartitionLog log) {
        places.opened(name);
        PartitionImage image = lane.image().topics().partition(name.topic(), name.partition());
        if (image == null) throw new IllegalStateException(name + " is not in the image");
        LogPlaces.Placement placement = places.of(name);
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
        return Optional.ofNullable(places.of(name)).map(LogPlaces.Placement::directory);
    }

    /** A log has come to lie in another directory. */
    void moved(TopicPartition name, LogDirectories.InUse to) {
        places.moved(name, to);
    }

    /**
     * A log directory has failed: nothing in it is led, read or written any more. Whoever waits at one of its partitions is
     * answered.
     */
    public void directoryFailed(LogDirectories.InUse directory) {
        moves.directoryFailed(directory);
        places.forEach((name, placement) -> {
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
            LogDirectories.InUse offlineIn = opener.openings().takeOffline(name);
            if (offlineIn != null) opener.setOfflineAside(name, offlineIn);
            ledForOthers.remove(name);
            LeaderPartition led = lane.partitions().find(name);
            if (led != null && !topic.id().equals(led.log().topicId().orElse(topic.id()))) continue;
            lane.partitions().online(name);
            LeaderPartition gone = lane.partitions().remove(name);
            if (gone == null) {
                places.forgetOffline(name, topic.id());
                continue;
            }
            if (topic.name().equals(LaneGroups.TOPIC)) lane.groups().resign(index);
            deleteDirectory(name, gone.log());
        }
    }

    private void deleteDirectory(TopicPartition name, PartitionLog log) {
        moves.deleted(name);
        LogPlaces.Placement placement = places.remove(name);
        if (placement != null)
            deletion.delete(name, log, placement.directory().directory(), fileDeleteDelayMs(log));
    }

    /** The log directory each partition of this lane is in. */
    public Map<TopicPartition, LogDirectories.InUse> places() {
        return places.all();
    }

    /** How far the opening of logs has come. */
    public OpeningCounts openings() {
        return opener.openings().counts();
    }

    /** Logs of this lane that lie in a directory and are not open, because their turn has not come or they are damaged. */
    public Map<TopicPartition, LogDirectories.InUse> unopened() {
        return opener.openings().unopened();
    }

    /** Where a log of this lane ended that was closed since, if it was. */
    public Optional<ClosedLog> closed(TopicPartition name) {
        return Optional.ofNullable(places.closedAt(name));
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
        opener.stop();
        Openings openings = opener.openings();
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
