package io.millrace.server.partitions;

import io.millrace.coordinators.group.DeletedTopic;
import io.millrace.environment.Randomness;
import io.millrace.metadata.ConfigResource;
import io.millrace.metadata.PartitionImage;
import io.millrace.metadata.TopicImage;
import io.millrace.metadata.config.EffectiveConfigs;
import io.millrace.protocol.Uuid;
import io.millrace.records.TopicPartition;
import io.millrace.replication.PartitionRegistration;
import io.millrace.replication.ReplicationLimits;
import io.millrace.replication.run.FollowerPartition;
import io.millrace.replication.run.LeaderPartition;
import io.millrace.replication.run.LocalReplica;
import io.millrace.server.storage.LaneSpace;
import io.millrace.server.storage.LogDirectories;
import io.millrace.storage.CorruptLog;
import io.millrace.storage.LogConfig;
import io.millrace.storage.LogDirectoryFailed;
import io.millrace.storage.PartitionLog;
import io.millrace.storage.ProducerStateConfig;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Makes one lane's share of the partitions what the newest image says: opens and creates logs, has them lead or follow, deletes those whose
 * replica is taken away. Touched only on that lane.
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
    private final LaneFollowers followers;

    /** Whose role has ended, until nothing is being forced of it any more. */
    private final Map<TopicPartition, LocalReplica> between = new HashMap<>();

    private final LaneMoves moves;
    private final LaneInSync inSync;
    private boolean isBeforeFirst = true;
    private final IdentityHashMap<LogDirectories.InUse, LaneSpace> spaces = new IdentityHashMap<>();
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
        this.followers = new LaneFollowers(lane, diskFailed, this::damaged);
        this.moves = new LaneMoves(lane, this, directories, randomness, producerConfig, turns, diskFailed);
        lane.groups().askWhatIsBeingOpened(this::isAboutToLead);
    }

    private boolean isAboutToLead(TopicPartition name) {
        PartitionImage partition = lane.image().topics().partition(name.topic(), name.partition());
        return partition != null
                && ReplicaRole.of(brokerId, partition) == ReplicaRole.LEADER
                && (opener.openings().isOpening(name) || between.containsKey(name));
    }

    /** Takes a newer image over. */
    public void apply(ImageChange change) {
        if (isStopped) return;
        if (isBeforeFirst) opener.noteEarlier(change.after());
        isBeforeFirst = false;
        lane.image(change.after());
        if (change.brokerConfigsChanged())
            takeConfigs(lane.configs()
                    .withDynamic(
                            change.after().configs().of(ConfigResource.BROKER_DEFAULT),
                            change.after().configs().of(ConfigResource.broker(brokerId))));
        followers.brokersChanged(change.after());
        for (TopicImage topic : change.deleted()) delete(topic);
        if (!change.deleted().isEmpty())
            lane.groups()
                    .topicsDeleted(change.deleted().stream()
                            .map(topic -> new DeletedTopic(topic.name(), topic.id()))
                            .toList());
        for (TopicImage topic : change.changed()) {
            lane.groups().topicExists(topic.name());
            applyTo(topic);
        }
        if (change.brokerConfigsChanged())
            for (LocalReplica replica : lane.partitions().replicas()) {
                replica.updateConfig(configOf(replica.name().topic()));
                if (replica instanceof LeaderPartition led)
                    led.updateLimits(inSync.limitsOf(replica.name().topic()));
            }
    }

    private void takeConfigs(EffectiveConfigs configs) {
        lane.configs(configs);
        lane.leaderThrottle().rate(configs.brokerLong("leader.replication.throttled.rate"));
        boolean isChanged = lane.followerThrottle().rate(configs.brokerLong("follower.replication.throttled.rate"));
        if (isChanged) followers.throttleChanged();
    }

    /** Runs {@code then} once no log is being opened; at once if none is. */
    public void whenSettled(Runnable then) {
        opener.openings().whenSettled(then);
    }

    /** The properties in force of a topic, as a log understands them. */
    private LogConfig configOf(String topic) {
        return LogConfig.from(lane.configs().topicConfigs(lane.image().configs().of(ConfigResource.topic(topic))));
    }

    private void applyTo(TopicImage topic) {
        @Nullable LogConfig config = null;
        ReplicationLimits limits = ReplicationLimits.DEFAULT;
        TopicThrottles throttles = TopicThrottles.NONE;
        for (int index = 0; index < topic.partitionCount(); index++) {
            TopicPartition name = new TopicPartition(topic.name(), index);
            if (lane.ownerOf(name) != lane) continue;
            if (config == null) {
                config = configOf(topic.name());
                limits = inSync.limitsOf(topic.name());
                throttles = TopicThrottles.of(topic.name(), lane.image(), brokerId);
            }
            PartitionImage partition = topic.partition(index);
            if (partition == null) continue;
            LocalReplica here = lane.partitions().replica(name);
            if (here != null) here.updateConfig(config);
            switch (ReplicaRole.of(brokerId, partition)) {
                case LEADER -> {
                    if (here instanceof LeaderPartition led) goOnLeading(led, partition, limits, throttles);
                    else if (here != null) endRole(here);
                    else if (canOpen(name)) opener.open(name, topic.id(), config);
                }
                case FOLLOWER -> {
                    if (here instanceof FollowerPartition followed)
                        followers.goOn(followed, topic.id(), partition, throttles.holdsFollower(index, partition));
                    else if (here != null) endRole(here);
                    else if (canOpen(name)) opener.open(name, topic.id(), config);
                }
                case LEADERLESS -> {
                    if (here instanceof FollowerPartition followed)
                        followers.goOn(followed, topic.id(), partition, throttles.holdsFollower(index, partition));
                    else if (here != null) endRole(here);
                    else if (canOpen(name) && opener.isLost(name, topic.id(), partition))
                        opener.open(name, topic.id(), config);
                }
                case NONE -> {
                    if (here != null) endRole(here);
                    else if (canOpen(name)) deleteClosed(name, topic.id());
                }
            }
        }
    }

    private void goOnLeading(
            LeaderPartition led, PartitionImage image, ReplicationLimits limits, TopicThrottles throttles) {
        led.updateLimits(limits);
        led.throttle(throttles.holdsFollowersOf(led.name().partition()));
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
        return !opener.openings().isOpening(name) && !opener.openings().isOffline(name) && !between.containsKey(name);
    }

    /** What it has is laid down; its log stays open for what it is to be now. */
    private void endRole(LocalReplica replica) {
        TopicPartition name = replica.name();
        moves.parked(name);
        release(replica);
        between.put(name, replica);
        replica.whenIdle(() -> {
            between.remove(name);
            assume(name, replica.log());
        });
    }

    /** Takes a replica out of its role: whoever waits there is answered. */
    private void release(LocalReplica replica) {
        TopicPartition name = replica.name();
        if (replica instanceof FollowerPartition followed) followers.leave(followed);
        lane.partitions().remove(name);
    }

    /** A log is open and nobody has it: it gets the role that the image says now. */
    private void assume(TopicPartition name, PartitionLog log) {
        LogPlaces.Placement placement = places.of(name);
        if (placement == null || directories.isOffline(placement.directory())) {
            if (placement != null) lane.partitions().offline(name);
            abandon(log);
            return;
        }
        if (isStopped) {
            close(name, log);
            return;
        }
        TopicImage topic = lane.image().topics().topic(name.topic());
        PartitionImage image = topic == null ? null : topic.partition(name.partition());
        if (topic == null || image == null || !topic.id().equals(placement.topicId())) {
            deleteDirectory(name, log);
            applyAgain(name.topic());
            return;
        }
        log.updateConfig(configOf(name.topic()));
        switch (ReplicaRole.of(brokerId, image)) {
            case LEADER -> lead(name, log);
            case FOLLOWER -> follow(name, topic.id(), log, image);
            case LEADERLESS -> {
                if (image.replicas().size() > 1) follow(name, topic.id(), log, image);
                else close(name, log);
            }
            case NONE -> {
                LOG.log(
                        System.Logger.Level.INFO,
                        name + " is kept by " + image.replicas() + " from now on; its log in " + log.directory()
                                + " is deleted");
                deleteDirectory(name, log);
            }
        }
    }

    private void follow(TopicPartition name, Uuid topicId, PartitionLog log, PartitionImage image) {
        LogPlaces.Placement placement = places.of(name);
        if (placement == null) throw new IllegalStateException(name + " has no place");
        places.opened(name);
        log.askBeforeAppends(spaceIn(placement.directory()));
        TopicThrottles throttles = TopicThrottles.of(name.topic(), lane.image(), brokerId);
        followers.follow(name, topicId, log, image, throttles.holdsFollower(name.partition(), image));
        LocalReplica follower = lane.partitions().replica(name);
        if (follower != null) moves.assumed(follower);
    }

    /** The partitions of this lane that follow a leader elsewhere. */
    public LaneFollowers followers() {
        return followers;
    }

    /** A replica that has a role, or is about to get another; null if its log is not open. */
    public @Nullable LocalReplica replica(TopicPartition name) {
        LocalReplica replica = lane.partitions().replica(name);
        return replica == null ? between.get(name) : replica;
    }

    private void damaged(FollowerPartition partition, CorruptLog damage) {
        TopicPartition name = partition.name();
        LogPlaces.Placement placement = places.of(name);
        LOG.log(
                System.Logger.Level.ERROR,
                name + " stays offline: its log was found damaged when it was to be cut to what its leader has: "
                        + damage.getMessage()
                        + ". The other replicas go on; to have this one made anew, stop the node and remove "
                        + partition.log().directory());
        moves.deleted(name);
        release(partition);
        lane.partitions().offline(name);
        if (placement != null) opener.openings().stayedOpen(name, placement.directory());
        partition.whenIdle(() -> abandon(partition.log()));
    }

    private void close(TopicPartition name, PartitionLog log) {
        LogPlaces.Placement placement = places.of(name);
        if (placement == null) return;
        moves.closed(name);
        try {
            log.close();
            places.closed(name, log, placement.topicId());
        } catch (LogDirectoryFailed failed) {
            if (isStopped) opener.openings().stayedOpen(name, placement.directory());
            diskFailed.accept(failed);
        }
    }

    /** What the image says of a topic may have changed while one of its logs was opened or closed. */
    private void applyAgain(String name) {
        TopicImage topic = lane.image().topics().topic(name);
        if (topic != null && !isStopped) applyTo(topic);
    }

    private final class OpenedLogs implements LogOpener.Owner {
        @Override
        public void made(TopicPartition name, PartitionLog log) {
            assume(name, log);
        }

        @Override
        public void opened(TopicPartition name, Uuid topicId, LogDirectories.InUse directory, PartitionLog log) {
            LaneApplier.this.opened(name, topicId, directory, log);
        }

        @Override
        public void again(String topic) {
            applyAgain(topic);
        }
    }

    private void opened(TopicPartition name, Uuid topicId, LogDirectories.InUse directory, PartitionLog log) {
        for (String note : log.recovery().notes())
            LOG.log(System.Logger.Level.INFO, "recovering " + log.directory() + ": " + note);
        places.put(name, new LogPlaces.Placement(directory, topicId));
        assume(name, log);
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
        return fileDeleteDelayMs(log.config().fileDeleteDelayMs());
    }

    private long fileDeleteDelayMs(long delayMs) {
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
        partition.throttle(
                TopicThrottles.of(name.topic(), lane.image(), brokerId).holdsFollowersOf(name.partition()));
        lane.partitions().add(partition);
        inSync.led(partition, image);
        moves.assumed(partition);
    }

    /** The replicas of this lane that are on their way to another directory. */
    public LaneMoves moves() {
        return moves;
    }

    /** Where a log of this lane is, if it has a place. */
    public Optional<LogDirectories.InUse> placeOf(TopicPartition name) {
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
            LocalReplica gone = lane.partitions().replica(name);
            if (gone == null) return;
            release(gone);
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
            LocalReplica gone = lane.partitions().replica(name);
            if (gone != null && !topic.id().equals(gone.log().topicId().orElse(topic.id()))) continue;
            lane.partitions().online(name);
            if (gone == null) {
                places.forgetOffline(name, topic.id());
                if (canOpen(name)) deleteClosed(name, topic.id());
                continue;
            }
            release(gone);
            deleteDirectory(name, gone.log());
        }
    }

    private void deleteDirectory(TopicPartition name, PartitionLog log) {
        moves.deleted(name);
        LogPlaces.Placement placement = places.remove(name);
        if (placement != null) deletion.delete(name, log, placement.directory().directory(), fileDeleteDelayMs(log));
    }

    private void deleteClosed(TopicPartition name, Uuid topicId) {
        ClosedLog closed = places.closedAt(name);
        if (closed == null || !closed.topicId().equals(topicId)) return;
        LogPlaces.Placement placement = places.remove(name);
        if (placement == null || directories.isOffline(placement.directory())) return;
        deletion.deleteClosed(
                name,
                placement.directory().directory(),
                fileDeleteDelayMs(configOf(name.topic()).fileDeleteDelayMs()));
    }

    /** The log directory each partition of this lane is in. */
    public Map<TopicPartition, LogDirectories.InUse> places() {
        return places.all();
    }

    /** How far the opening of logs has come. */
    public OpeningCounts openings() {
        return opener.openings().counts();
    }

    /** Logs of this lane that lie in a directory and are not open, because their turn has not come, they are damaged, or nobody leads them yet. */
    public Map<TopicPartition, LogDirectories.InUse> unopened() {
        return opener.unopened();
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
        followers.stop();
        opener.stop();
        Openings openings = opener.openings();
        openings.dropWaiting(LogDirectories.InUse::wasClean);
        if (recoveryPatienceMs == 0) openings.dropWaiting(directory -> true);
        else lane.lane().schedule(recoveryPatienceMs, () -> openings.dropWaiting(directory -> true));
        openings.whenSettled(() -> moves.stop(settled));
    }

    /**
     * Ends all roles, after {@link #stop}.
     *
     * @param then gets the logs to be closed, once none of them is being forced
     */
    public void layDown(Consumer<List<PartitionLog>> then) {
        List<LocalReplica> all = new ArrayList<>(between.values());
        between.clear();
        for (LocalReplica replica : List.copyOf(lane.partitions().replicas())) {
            release(replica);
            all.add(replica);
        }
        List<PartitionLog> logs = new ArrayList<>();
        if (all.isEmpty()) then.accept(logs);
        for (LocalReplica replica : all)
            replica.whenIdle(() -> {
                logs.add(replica.log());
                if (logs.size() == all.size()) then.accept(logs);
            });
    }
}
