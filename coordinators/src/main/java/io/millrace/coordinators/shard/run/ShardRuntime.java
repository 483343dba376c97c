package io.millrace.coordinators.shard.run;

import io.millrace.coordinators.shard.Answer;
import io.millrace.coordinators.shard.Decision;
import io.millrace.coordinators.shard.Moment;
import io.millrace.coordinators.shard.RecordReader;
import io.millrace.coordinators.shard.ShardMachine;
import io.millrace.environment.Clock;
import io.millrace.environment.Lane;
import io.millrace.protocol.ErrorCode;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * One shard on its lane, through all its leaderships. All methods are called on the lane.
 *
 * <p>Records are replayed as soon as they are appended, so the machine runs ahead of what is committed; every answer waits
 * until the high watermark has passed what it shows. Losing the leadership drops the machine, and with it what was never
 * committed; whoever waits is told NOT_COORDINATOR, and asks whoever leads now.
 */
public final class ShardRuntime<M extends ShardMachine> {
    private static final System.Logger LOG = System.getLogger(ShardRuntime.class.getName());

    /** A machine can do without what comes after: it is about what expires by itself. */
    private static final int MOST_AFTER_LOAD = 1_000;

    private final String name;
    private final Lane lane;
    private final Clock clock;
    private final ShardLimits limits;
    private final RecordReader reader;
    private final Supplier<M> newMachine;
    private final WaitingAnswers waiting = new WaitingAnswers();

    /** Counts the leaderships that ended; what belongs to an earlier one stops. */
    private int term;

    private @Nullable Load load;
    private boolean isAwaitingLog;
    private @Nullable M machine;
    private @Nullable ShardLog log;
    private long highWatermark;
    private ErrorCode refusal = ErrorCode.NONE;
    private boolean isInMachine;
    private Lane.@Nullable Timer timer;
    private long timerAtMs = Long.MAX_VALUE;

    /** A loading under way; a later leadership has another. */
    private final class Load {
        private final M machine = newMachine.get();
        private final ShardLog log;
        private final ShardLoader loader;
        private final long startedAtMs = clock.monotonicMs();
        private final List<ShardOperation<? super M>> after = new ArrayList<>();
        private long recordCount;

        Load(ShardLog log, ShardLoader loader) {
            this.log = log;
            this.loader = loader;
        }
    }

    /**
     * A shard that nobody leads here yet.
     *
     * @param name of the partition, for log lines
     * @param reader reads the topic's records, off the lane
     * @param newMachine makes the machine of a new leadership
     */
    public ShardRuntime(
            String name, Lane lane, Clock clock, ShardLimits limits, RecordReader reader, Supplier<M> newMachine) {
        this.name = name;
        this.lane = lane;
        this.clock = clock;
        this.limits = limits;
        this.reader = reader;
        this.newMachine = newMachine;
    }

    /** The partition is to be led here, and its log is not open yet: whoever asks is told that it is being loaded. */
    public void awaitLog() {
        isAwaitingLog = true;
    }

    /** The partition is led here from now on: loads its log. An earlier leadership is resigned. */
    public void becomeLeader(ShardLog newLog, ShardLoader loader) {
        resign();
        Load newLoad = new Load(newLog, loader);
        load = newLoad;
        readOn(newLoad, loader.startOffset());
    }

    /** The partition is no longer led here: forgets its state, and tells those who wait. */
    public void resign() {
        term++;
        isAwaitingLog = false;
        Load overtaken = load;
        load = null;
        M former = machine;
        machine = null;
        log = null;
        highWatermark = 0;
        disarm();
        List<Answer<?>> refused = new ArrayList<>(waiting.releaseAll());
        if (former != null) refused.addAll(former.unloaded());
        for (Answer<?> answer : refused) answer.refuse(ErrorCode.NOT_COORDINATOR);
        if (overtaken != null) refuseAll(overtaken.after);
        if (!refused.isEmpty())
            LOG.log(
                    System.Logger.Level.INFO,
                    "{0}: is not led here any more; {1} requests that waited are told so",
                    name,
                    refused.size());
    }

    private void refuseAll(List<ShardOperation<? super M>> operations) {
        for (ShardOperation<? super M> operation : operations) operation.refuse(ErrorCode.NOT_COORDINATOR);
    }

    /** Whether requests are answered here. */
    public boolean isActive() {
        return machine != null;
    }

    /** The machine of the current leadership, to be looked at and not changed; empty where requests are not answered. */
    public Optional<M> machine() {
        return Optional.ofNullable(machine);
    }

    /** Whether the log is being replayed. */
    public boolean isLoading() {
        return load != null;
    }

    /** Offsets below are committed: releases the answers that waited for them. */
    public void onHighWatermark(long newHighWatermark) {
        if (newHighWatermark <= highWatermark || machine == null) return;
        highWatermark = newHighWatermark;
        if (!isInMachine) releaseCommitted();
    }

    /** Asks the machine, or says why it cannot be asked. */
    public void submit(ShardOperation<? super M> operation) {
        M current = machine;
        if (current == null) {
            boolean isToCome = isAwaitingLog || load != null;
            operation.refuse(isToCome ? ErrorCode.COORDINATOR_LOAD_IN_PROGRESS : ErrorCode.NOT_COORDINATOR);
            return;
        }
        Moment now = now();
        carryOut(current, now, operation.decide(current, now));
        releaseCommitted();
        armForNext();
    }

    /**
     * Asks the machine now, or as the first thing it is asked once the load under way is over. There may be so many such
     * operations in one load; those beyond are refused.
     */
    public void submitOnceLoaded(ShardOperation<? super M> operation) {
        Load current = load;
        if (current == null || current.after.size() == MOST_AFTER_LOAD) submit(operation);
        else current.after.add(operation);
    }

    private void carryOut(M current, Moment now, Decision decision) {
        for (String note : decision.notes()) LOG.log(System.Logger.Level.INFO, () -> name + ": " + note);
        int itsTerm = term;
        isInMachine = true;
        try {
            if (decision.records().isEmpty()) {
                hold(decision.answers(), decision.shownOffset(), now);
                return;
            }
            ShardLog.Appended appended = write(current, now, decision);
            if (term != itsTerm) {
                // The append has cost this leadership: who waited in the machine has been told, who asked just now has
                // not.
                for (Answer<?> answer : decision.answers()) answer.refuse(ErrorCode.NOT_COORDINATOR);
                return;
            }
            switch (appended) {
                case ShardLog.Appended.At(long lastOffset) -> {
                    refusal = ErrorCode.NONE;
                    hold(decision.answers(), lastOffset, now);
                    hold(decision.aftermath().appended(), lastOffset, now);
                }
                case ShardLog.Appended.Refused(ErrorCode error) -> {
                    // Once until one is taken: on a full disk there are many, and each is tried again.
                    if (error != refusal)
                        LOG.log(
                                System.Logger.Level.WARNING,
                                "{0}: {1} records were refused by the log: {2}",
                                name,
                                decision.records().size(),
                                error);
                    refusal = error;
                    for (Answer<?> answer : decision.answers()) answer.refuse(error);
                    for (Answer<?> answer : decision.aftermath().refused(error)) answer.send();
                }
            }
        } finally {
            isInMachine = false;
        }
    }

    /** Appends batch by batch, and replays each once it is in the log. */
    private ShardLog.Appended write(M current, Moment now, Decision decision) {
        ShardLog currentLog = Objects.requireNonNull(log, "an active shard has a log");
        BatchPacker packer = new BatchPacker(decision.records(), limits, now.wallMs());
        long lastOffset = -1;
        while (packer.hasNext()) {
            BatchPacker.Packed packed = packer.next();
            switch (currentLog.append(packed.batch())) {
                case ShardLog.Appended.At(long last) -> {
                    long offset = last - packed.records().size() + 1;
                    for (var record : packed.records()) current.replay(offset++, record);
                    lastOffset = last;
                }
                case ShardLog.Appended.Refused refused -> {
                    return refused;
                }
            }
        }
        return new ShardLog.Appended.At(lastOffset);
    }

    private void hold(List<Answer<?>> answers, long untilCommittedOffset, Moment now) {
        long deadlineMs = now.nowMs() + limits.commitTimeoutMs();
        for (Answer<?> answer : answers) waiting.add(untilCommittedOffset, answer, deadlineMs);
    }

    private void releaseCommitted() {
        if (log == null) return;
        highWatermark = Math.max(highWatermark, log.highWatermark());
        for (Answer<?> answer : waiting.releaseBelow(highWatermark)) answer.send();
    }

    private void wake() {
        timer = null;
        timerAtMs = Long.MAX_VALUE;
        M current = machine;
        if (current == null) return;
        Moment now = now();
        int itsTerm = term;
        for (int wakes = 0; wakes < limits.maxWakesPerTurn() && current.nextWakeAtMs() <= now.nowMs(); wakes++) {
            carryOut(current, now, current.wake(now));
            if (term != itsTerm) return;
        }
        for (Answer<?> overdue : waiting.releaseOverdue(now.nowMs())) overdue.refuse(ErrorCode.REQUEST_TIMED_OUT);
        releaseCommitted();
        armForNext();
    }

    private void armForNext() {
        M current = machine;
        if (current != null) arm(Math.min(current.nextWakeAtMs(), waiting.nextDeadlineMs()));
    }

    /** An earlier timer is left to fire in vain and arms the next, so that heartbeats, which put deadlines off, cost none. */
    private void arm(long atMs) {
        if (atMs >= timerAtMs) return;
        disarm();
        timerAtMs = atMs;
        timer = lane.schedule(Math.max(0, atMs - clock.monotonicMs()), this::wake);
    }

    private void disarm() {
        if (timer != null) timer.cancel();
        timer = null;
        timerAtMs = Long.MAX_VALUE;
    }

    private void readOn(Load current, long fromOffset) {
        current.loader.read(fromOffset, limits.loadSliceBytes(), slice -> {
            if (load != current) return;
            switch (slice) {
                case ShardLoader.Slice.Failed(String why) -> giveUp(why);
                case ShardLoader.Slice.Batches batches -> decode(current, batches);
                case ShardLoader.Slice.End() -> activate(current);
            }
        });
    }

    private void decode(Load current, ShardLoader.Slice.Batches slice) {
        ByteBuffer bytes = slice.bytes();
        lane.offload(() -> LoadedRecords.read(bytes, reader), outcome -> {
            if (load != current) return;
            switch (outcome) {
                case Lane.Outcome.Done<LoadedRecords>(LoadedRecords records) -> {
                    current.recordCount += records.replayOn(current.machine);
                    readOn(current, slice.nextOffset());
                }
                case Lane.Outcome.Failed<LoadedRecords>(Exception cause) ->
                    giveUp(cause.getClass().getSimpleName() + ": " + cause.getMessage());
            }
        });
    }

    private void activate(Load loaded) {
        load = null;
        machine = loaded.machine;
        log = loaded.log;
        highWatermark = loaded.log.highWatermark();
        loaded.machine.loaded(now());
        // Most partitions of a young topic are empty, and fifty lines that say so help nobody.
        LOG.log(
                loaded.recordCount == 0 ? System.Logger.Level.DEBUG : System.Logger.Level.INFO,
                "{0}: loaded {1} records in {2} ms",
                name,
                loaded.recordCount,
                clock.monotonicMs() - loaded.startedAtMs);
        for (ShardOperation<? super M> operation : loaded.after) submit(operation);
        armForNext();
    }

    /** A shard that cannot be read is led by nobody: it answers NOT_COORDINATOR until it is led anew, here or elsewhere. */
    private void giveUp(String why) {
        Load failed = load;
        load = null;
        if (failed != null) refuseAll(failed.after);
        LOG.log(
                System.Logger.Level.ERROR,
                "{0}: could not be loaded, is served by nobody until led anew: {1}",
                name,
                why);
    }

    private Moment now() {
        return new Moment(clock.monotonicMs(), clock.wallMs());
    }
}
