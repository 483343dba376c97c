package io.millrace.server.storage;

import io.millrace.environment.Lane;
import io.millrace.metadata.config.EffectiveConfigs;
import io.millrace.records.TopicPartition;
import io.millrace.server.partitions.BrokerLane;
import io.millrace.storage.CompactionLimits;
import io.millrace.storage.CorruptLog;
import io.millrace.storage.LogDirectoryFailed;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Decides which logs of the node are compacted when: the dirtiest first, as many at a time as {@code log.cleaner.threads} says,
 * each with its share of memory and of the throttle. It asks the lanes how their logs stand, every {@code log.cleaner.backoff.ms}
 * and after each compaction, and writes {@code cleaner-offset-checkpoint} from what they say. Touched on its home lane.
 */
public final class LogCleaner {
    private static final System.Logger LOG = System.getLogger(LogCleaner.class.getName());
    private static final int SMALLEST_IO_BYTES = 1 << 16;
    private static final int LARGEST_IO_BYTES = 1 << 20;

    private final LogDirectories directories;
    private final List<BrokerLane> lanes;
    private final Map<BrokerLane, LaneCompactions> compactions;
    private final Lane home;
    private final Consumer<LogDirectoryFailed> diskFailed;
    private final IdentityHashMap<LogDirectories.InUse, Map<TopicPartition, Long>> written = new IdentityHashMap<>();
    private int running;
    private boolean isAsking;
    private boolean asksAgain;
    private boolean isStopped;
    private Lane.@Nullable Timer timer;
    private @Nullable Runnable afterLast;

    /** What a lane says. */
    private record Answer(BrokerLane lane, EffectiveConfigs configs, List<LogState> states) {}

    /** Makes the cleaner; the lanes' compactions are made with it. */
    public LogCleaner(
            LogDirectories directories,
            Map<BrokerLane, LaneCompactions> compactions,
            Lane home,
            Consumer<LogDirectoryFailed> diskFailed) {
        this.directories = directories;
        this.lanes = List.copyOf(compactions.keySet());
        this.compactions = Map.copyOf(compactions);
        this.home = home;
        this.diskFailed = diskFailed;
    }

    /** Begins; called on the home lane. */
    public void start() {
        ask();
    }

    /** Ends: begins nothing any more, and lets what runs end within a slice. */
    public void stop() {
        isStopped = true;
        if (timer != null) timer.cancel();
        for (BrokerLane lane : lanes) lane.lane().execute(() -> of(lane).stop());
    }

    /** After {@link #stop}: runs {@code then} once nothing runs any more. */
    public void whenIdle(Runnable then) {
        if (running == 0) then.run();
        else afterLast = then;
    }

    private LaneCompactions of(BrokerLane lane) {
        LaneCompactions found = compactions.get(lane);
        if (found == null) throw new IllegalStateException("lane " + lane.index() + " has no compactions");
        return found;
    }

    private void ask() {
        timer = null;
        if (isStopped || isAsking) return;
        isAsking = true;
        states(answers -> {
            isAsking = false;
            if (isStopped) return;
            EffectiveConfigs configs = answers.getFirst().configs();
            begin(configs, answers);
            write(checkpoint(answers), () -> {
                if (isStopped || isAsking || timer != null) return;
                if (asksAgain) {
                    asksAgain = false;
                    ask();
                    return;
                }
                timer = home.schedule(configs.brokerLong("log.cleaner.backoff.ms"), this::ask);
            });
        });
    }

    private void states(Consumer<List<Answer>> then) {
        List<Answer> answers = new ArrayList<>();
        for (BrokerLane lane : lanes)
            lane.lane().execute(() -> {
                Answer answer = new Answer(lane, lane.configs(), of(lane).states());
                home.execute(() -> {
                    answers.add(answer);
                    if (answers.size() == lanes.size()) then.accept(answers);
                });
            });
    }

    /** How the logs stand that are compacted, by name; called on the home lane, and so is {@code then}. */
    public void describe(Consumer<List<LogState>> then) {
        states(answers -> {
            List<LogState> all = new ArrayList<>();
            for (Answer answer : answers) all.addAll(answer.states());
            all.sort(Comparator.comparing((LogState state) -> state.name().topic())
                    .thenComparingInt(state -> state.name().partition()));
            then.accept(all);
        });
    }

    private void begin(EffectiveConfigs configs, List<Answer> answers) {
        if (!configs.brokerBoolean("log.cleaner.enable")) return;
        int threads = configs.brokerInt("log.cleaner.threads");
        record Due(BrokerLane lane, LogState state) {}
        List<Due> due = new ArrayList<>();
        for (Answer answer : answers)
            for (LogState state : answer.states()) if (state.isDue()) due.add(new Due(answer.lane(), state));
        due.sort(Comparator.comparingDouble((Due one) -> one.state().range().dirtyRatio())
                .reversed());
        for (Due one : due) {
            if (running >= threads) return;
            running++;
            LaneCompactions.Pace pace = pace(configs, threads);
            one.lane()
                    .lane()
                    .execute(() -> of(one.lane())
                            .compact(one.state().name(), pace, progressed -> home.execute(() -> ended(progressed))));
        }
    }

    private static LaneCompactions.Pace pace(EffectiveConfigs configs, int threads) {
        return new LaneCompactions.Pace(
                new CompactionLimits(
                        configs.brokerLong("log.cleaner.dedupe.buffer.size") / threads,
                        configs.brokerDouble("log.cleaner.io.buffer.load.factor"),
                        Math.clamp(
                                configs.brokerInt("log.cleaner.io.buffer.size") / threads / 2,
                                SMALLEST_IO_BYTES,
                                LARGEST_IO_BYTES)),
                threads);
    }

    private void ended(boolean progressed) {
        running--;
        if (isStopped) {
            if (running == 0 && afterLast != null) afterLast.run();
            return;
        }
        if (!progressed) return;
        if (isAsking) {
            asksAgain = true;
            return;
        }
        if (timer != null) timer.cancel();
        ask();
    }

    private IdentityHashMap<LogDirectories.InUse, Map<TopicPartition, Long>> checkpoint(List<Answer> answers) {
        IdentityHashMap<LogDirectories.InUse, Map<TopicPartition, Long>> offsets = new IdentityHashMap<>();
        for (LogDirectories.InUse directory : directories.inUse()) offsets.put(directory, new TreeMap<>());
        for (Answer answer : answers)
            for (LogState state : answer.states())
                if (state.firstDirtyOffset() > 0)
                    offsets.computeIfAbsent(state.directory(), d -> new TreeMap<>())
                            .put(state.name(), state.firstDirtyOffset());
        return offsets;
    }

    private void write(IdentityHashMap<LogDirectories.InUse, Map<TopicPartition, Long>> offsets, Runnable then) {
        offsets.entrySet().removeIf(one -> one.getValue().equals(written.getOrDefault(one.getKey(), Map.of())));
        if (offsets.isEmpty()) {
            then.run();
            return;
        }
        isAsking = true;
        home.offload(
                () -> {
                    // In their order: that of the map is another in every process.
                    for (LogDirectories.InUse directory : directories.inUse()) {
                        Map<TopicPartition, Long> content = offsets.get(directory);
                        if (content != null)
                            directory.directory().cleanedOffsets().write(content);
                    }
                    return true;
                },
                outcome -> {
                    isAsking = false;
                    if (outcome instanceof Lane.Outcome.Failed<Boolean>(Exception cause)
                            && cause instanceof LogDirectoryFailed failed) diskFailed.accept(failed);
                    else written.putAll(offsets);
                    then.run();
                });
    }

    /**
     * Reads the checkpoints of all directories. A damaged one is passed over: its logs are compacted from their beginning again.
     * Blocks.
     *
     * @param diskFailed is told of each directory in which that fails
     */
    public static IdentityHashMap<LogDirectories.InUse, Map<TopicPartition, Long>> checkpoints(
            LogDirectories directories, Consumer<LogDirectoryFailed> diskFailed) {
        IdentityHashMap<LogDirectories.InUse, Map<TopicPartition, Long>> offsets = new IdentityHashMap<>();
        for (LogDirectories.InUse use : directories.inUse()) {
            offsets.put(use, Map.of());
            if (directories.isOffline(use)) continue;
            try {
                offsets.put(use, use.directory().cleanedOffsets().read());
            } catch (LogDirectoryFailed failed) {
                diskFailed.accept(failed);
            } catch (CorruptLog damaged) {
                LOG.log(System.Logger.Level.WARNING, "passed over: " + damaged.getMessage());
            }
        }
        return offsets;
    }

    /** The compactions of a lane, for metrics; asked on that lane. */
    public Optional<LaneCompactions> on(BrokerLane lane) {
        return Optional.ofNullable(compactions.get(lane));
    }
}
