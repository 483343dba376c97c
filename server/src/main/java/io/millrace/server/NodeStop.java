package io.millrace.server;

import io.millrace.environment.Environment;
import io.millrace.environment.Lane;
import io.millrace.metadata.config.EffectiveConfigs;
import io.millrace.raft.run.ForcedUpTo;
import io.millrace.records.TopicPartition;
import io.millrace.server.controller.BrokerLife;
import io.millrace.server.controller.MetadataRole;
import io.millrace.server.partitions.BrokerLane;
import io.millrace.server.storage.Checkpoints;
import io.millrace.server.storage.LaneCompactions;
import io.millrace.server.storage.LaneOffsets;
import io.millrace.server.storage.LaneUpkeep;
import io.millrace.server.storage.LogCleaner;
import io.millrace.server.storage.LogDirectories;
import io.millrace.server.storage.RestartPoints;
import io.millrace.server.storage.SpaceWatch;
import io.millrace.storage.LogDirectoryFailed;
import io.millrace.storage.PartitionLog;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A node's regular upkeep, and its orderly end: leaderships handed over to other brokers, if there are any; no more requests; each lane lays its leaderships down; every log is forced and
 * closed; checkpoints and the clean marker are written; the quorum is resigned; the directories are unlocked. Touched on the
 * metadata lane.
 */
final class NodeStop {
    private static final System.Logger LOG = System.getLogger(NodeStop.class.getName());

    /** Logs closed at a time; fewer if there are fewer helpers. */
    private static final int CLOSED_AT_ONCE = 16;

    /** Whoever stops a node soon after an unclean start waits this long for what is left of its recovery. */
    private static final long RECOVERY_PATIENCE_MS = 2_000;

    private final Environment environment;
    private final LogDirectories directories;
    private final List<BrokerLane> lanes;
    private final MetadataRole metadata;
    private final BrokerLife broker;
    private final NodeListeners listeners;
    private final List<LaneUpkeep> upkeeps = new ArrayList<>();
    private final List<RestartPoints> restartPoints = new ArrayList<>();
    private @Nullable Checkpoints checkpoints;
    /** Read by the lanes too, for metrics. */
    private volatile @Nullable LogCleaner cleaner;

    /** Directories that get no clean marker; touched by one thread after the other. */
    private final Set<LogDirectories.InUse> withoutMarker = Collections.newSetFromMap(new IdentityHashMap<>());

    private @Nullable SpaceWatch spaceWatch;
    private Runnable first = () -> {};
    private boolean isStopping;

    NodeStop(
            Environment environment,
            LogDirectories directories,
            List<BrokerLane> lanes,
            MetadataRole metadata,
            BrokerLife broker,
            NodeListeners listeners) {
        this.environment = environment;
        this.directories = directories;
        this.lanes = lanes;
        this.metadata = metadata;
        this.broker = broker;
        this.listeners = listeners;
    }

    /** What is to end before anything else. */
    void beforeAll(Runnable step) {
        first = step;
    }

    boolean isStopping() {
        return isStopping;
    }

    void startUpkeep(EffectiveConfigs configs, boolean isLone, Consumer<LogDirectoryFailed> diskFailed) {
        for (BrokerLane lane : lanes)
            upkeeps.add(new LaneUpkeep(lane, configs.brokerLong("log.retention.check.interval.ms"), diskFailed));
        for (int i = 0; i < lanes.size(); i++) lanes.get(i).lane().execute(upkeeps.get(i)::start);
        Checkpoints writer = new Checkpoints(
                directories,
                lanes,
                environment.metadataLane(),
                () -> metadata.quorum().recoveryPoint(),
                configs.brokerLong("log.flush.offset.checkpoint.interval.ms"),
                diskFailed);
        writer.start();
        checkpoints = writer;
        if (!isLone)
            writer.startHighWatermarks(
                    Math.max(1, configs.brokerLong("replica.high.watermark.checkpoint.interval.ms")));
        for (BrokerLane lane : lanes)
            lane.lane()
                    .execute(() -> lane.applier()
                            .followers()
                            .checkpointBy(then -> environment
                                    .metadataLane()
                                    .execute(() ->
                                            writer.writeNow(() -> lane.lane().execute(then)))));
        for (BrokerLane lane : lanes)
            restartPoints.add(new RestartPoints(
                    lane,
                    configs.brokerLong("log.flush.offset.checkpoint.interval.ms"),
                    () -> environment.metadataLane().execute(writer::soon)));
        for (int i = 0; i < lanes.size(); i++) lanes.get(i).lane().execute(restartPoints.get(i)::start);
        startCleaner(diskFailed);
        deleteLeftovers(diskFailed);
    }

    /** A log has come to lie in another directory: the checkpoints are to say so. */
    void checkpointSoon() {
        if (checkpoints != null) checkpoints.soon();
    }

    /** Has a watch go on until the stop. */
    void startSpaceWatch(SpaceWatch watch) {
        if (isStopping) return;
        watch.start();
        spaceWatch = watch;
    }

    /** Has old segments looked for at once, and often from now on if a directory is short of space. */
    void hurryUpkeep() {
        for (int i = 0; i < upkeeps.size(); i++) lanes.get(i).lane().execute(upkeeps.get(i)::hurry);
    }

    /** One after the other: there may be many, and logs that are being opened want the helpers more. */
    private void deleteLeftovers(Consumer<LogDirectoryFailed> diskFailed) {
        if (directories.atStart().leftovers().isEmpty()) return;
        environment
                .metadataLane()
                .offload(
                        () -> {
                            for (Runnable leftover : directories.atStart().leftovers()) leftover.run();
                            return true;
                        },
                        outcome -> {
                            if (outcome instanceof Lane.Outcome.Failed<Boolean>(Exception cause)
                                    && cause instanceof LogDirectoryFailed failed) diskFailed.accept(failed);
                        });
    }

    private void startCleaner(Consumer<LogDirectoryFailed> diskFailed) {
        IdentityHashMap<LogDirectories.InUse, Map<TopicPartition, Long>> offsets =
                LogCleaner.checkpoints(directories, diskFailed);
        Map<BrokerLane, LaneCompactions> compactions = new LinkedHashMap<>();
        for (BrokerLane lane : lanes)
            compactions.put(
                    lane, new LaneCompactions(lane, directories, environment.randomness(), offsets, diskFailed));
        LogCleaner begun = new LogCleaner(directories, compactions, environment.metadataLane(), diskFailed);
        begun.start();
        cleaner = begun;
    }

    /** The cleaner, once there is one. */
    Optional<LogCleaner> cleaner() {
        return Optional.ofNullable(cleaner);
    }

    /** What one lane hands over when it stops. */
    private record LaneEnd(List<PartitionLog> logs, LaneOffsets offsets) {}

    void begin(boolean hasFailed, Consumer<Optional<Exception>> stopped) {
        if (isStopping) {
            stopped.accept(Optional.of(new IllegalStateException("the node is being stopped already")));
            return;
        }
        isStopping = true;
        if (hasFailed) layDown(true, stopped);
        else broker.leave(() -> layDown(false, stopped));
    }

    private void layDown(boolean hasFailed, Consumer<Optional<Exception>> stopped) {
        first.run();
        listeners.close();
        if (spaceWatch != null) spaceWatch.stop();
        if (checkpoints != null) checkpoints.stop();
        cleaner().ifPresent(LogCleaner::stop);
        broker.stop();
        List<LaneEnd> ends = new ArrayList<>();
        for (int i = 0; i < lanes.size(); i++) {
            BrokerLane lane = lanes.get(i);
            LaneUpkeep upkeep = upkeeps.isEmpty() ? null : upkeeps.get(i);
            RestartPoints points = restartPoints.isEmpty() ? null : restartPoints.get(i);
            lane.lane().execute(() -> {
                if (upkeep != null) upkeep.stop();
                if (points != null) points.stop();
                lane.applier().stop(hasFailed ? 0 : RECOVERY_PATIENCE_MS, () -> {
                    LaneOffsets offsets = LaneOffsets.of(lane);
                    lane.applier()
                            .layDown(logs -> environment.metadataLane().execute(() -> {
                                ends.add(new LaneEnd(logs, offsets));
                                if (ends.size() == lanes.size()) laidDown(ends, hasFailed, stopped);
                            }));
                });
            });
        }
    }

    private void laidDown(List<LaneEnd> ends, boolean hasFailed, Consumer<Optional<Exception>> stopped) {
        Runnable closing = () -> afterCompactions(() -> closeLogs(ends, (failures, cause) -> {
            if (cause.isPresent()) shutDown(cause, stopped);
            else finish(ends, failures, hasFailed, stopped);
        }));
        if (checkpoints == null) closing.run();
        else checkpoints.whenIdle(closing);
    }

    private void afterCompactions(Runnable then) {
        cleaner().ifPresentOrElse(begun -> begun.whenIdle(then), then);
    }

    /**
     * Closes the logs, several at a time: closing is a handful of forces, and the file system makes those of many files one.
     *
     * @param then gets the directories that failed, and what else went wrong
     */
    private void closeLogs(List<LaneEnd> ends, BiConsumer<List<LogDirectoryFailed>, Optional<Exception>> then) {
        List<List<PartitionLog>> shares = new ArrayList<>();
        for (int i = 0; i < CLOSED_AT_ONCE; i++) shares.add(new ArrayList<>());
        int dealt = 0;
        for (LaneEnd end : ends)
            for (PartitionLog log : end.logs())
                shares.get(dealt++ % CLOSED_AT_ONCE).add(log);
        List<LogDirectoryFailed> failures = new ArrayList<>();
        List<Exception> causes = new ArrayList<>();
        int[] open = {CLOSED_AT_ONCE};
        for (List<PartitionLog> share : shares)
            environment
                    .metadataLane()
                    .offload(
                            () -> {
                                List<LogDirectoryFailed> failed = new ArrayList<>();
                                for (PartitionLog log : share) close(log, failed);
                                return failed;
                            },
                            outcome -> {
                                switch (outcome) {
                                    case Lane.Outcome.Done<List<LogDirectoryFailed>>(var failed) ->
                                        failed.forEach(failure -> met(failure, failures));
                                    case Lane.Outcome.Failed<List<LogDirectoryFailed>>(Exception cause) ->
                                        causes.add(cause);
                                }
                                if (--open[0] == 0)
                                    then.accept(failures, causes.stream().findFirst());
                            });
    }

    private static void close(PartitionLog log, List<LogDirectoryFailed> failures) {
        try {
            log.close();
        } catch (LogDirectoryFailed failed) {
            failures.add(failed);
        }
    }

    private void finish(
            List<LaneEnd> ends,
            List<LogDirectoryFailed> failures,
            boolean hasFailed,
            Consumer<Optional<Exception>> stopped) {
        long brokerEpoch = broker.epoch();
        ForcedUpTo metadataRecoveryPoint = metadata.quorum().recoveryPoint();
        environment
                .metadataLane()
                .offload(
                        () -> {
                            if (hasFailed || checkpoints == null) return firstOf(failures);
                            for (LogDirectoryFailed failed :
                                    checkpoints.write(afterClosing(ends), metadataRecoveryPoint)) met(failed, failures);
                            for (LogDirectories.InUse use : directories.online()) {
                                if (withoutMarker.contains(use)) continue;
                                if (!use.wasClean() && hasUnopened(ends, use)) continue;
                                attempt(
                                        () -> {
                                            use.directory().checkpointTopicIds().remove();
                                            use.directory().markCleanlyShutDown(brokerEpoch);
                                        },
                                        failures);
                            }
                            return firstOf(failures);
                        },
                        outcome -> {
                            Optional<Exception> failure = switch (outcome) {
                                case Lane.Outcome.Failed<Optional<Exception>>(Exception cause) -> Optional.of(cause);
                                case Lane.Outcome.Done<Optional<Exception>>(Optional<Exception> first) -> first;
                            };
                            shutDown(failure, stopped);
                        });
    }

    private void shutDown(Optional<Exception> failure, Consumer<Optional<Exception>> stopped) {
        metadata.quorum().shutdown(quorumFailure -> {
            directories.close();
            stopped.accept(failure.isPresent() ? failure : quorumFailure);
        });
    }

    /**
     * A log that was not recovered must not be trusted by the next start, nor one that turned out to be damaged. One whose turn
     * had not come and that was closed in order before is as it was.
     */
    private static boolean hasUnopened(List<LaneEnd> ends, LogDirectories.InUse use) {
        return ends.stream().anyMatch(end -> end.offsets().unopened().containsKey(use));
    }

    /** A directory in which something fails at the end is fenced, and gets no clean marker; the others do. */
    private void attempt(Runnable step, List<LogDirectoryFailed> failures) {
        try {
            step.run();
        } catch (LogDirectoryFailed failed) {
            met(failed, failures);
        }
    }

    private void met(LogDirectoryFailed failed, List<LogDirectoryFailed> failures) {
        if (failed.isWantOfSpace()) {
            noClean(failed);
            return;
        }
        fence(failed);
        failures.add(failed);
    }

    /** All records are there and forced; but the next start has to look for the end of its logs. */
    private void noClean(LogDirectoryFailed failed) {
        LOG.log(System.Logger.Level.WARNING, "a log directory gets no clean-shutdown marker: " + failed.getMessage());
        directories.holding(failed.directory()).ifPresent(withoutMarker::add);
    }

    private void fence(LogDirectoryFailed failed) {
        directories.holding(failed.directory()).ifPresent(directories::fence);
    }

    private static Optional<Exception> firstOf(List<LogDirectoryFailed> failures) {
        return failures.isEmpty() ? Optional.empty() : Optional.of(failures.getFirst());
    }

    /** A closed log is forced to its end: that is its recovery point now. */
    private static List<LaneOffsets> afterClosing(List<LaneEnd> ends) {
        List<LaneOffsets> offsets = new ArrayList<>();
        for (LaneEnd end : ends) {
            for (PartitionLog log : end.logs())
                end.offsets()
                        .recoveryPoints()
                        .values()
                        .forEach(points ->
                                points.computeIfPresent(log.partition(), (name, before) -> log.recoveryPoint()));
            offsets.add(end.offsets());
        }
        return offsets;
    }
}
