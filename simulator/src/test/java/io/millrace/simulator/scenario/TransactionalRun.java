package io.millrace.simulator.scenario;

import io.millrace.client.CommittedOffset;
import io.millrace.client.cluster.ClusterView;
import io.millrace.client.cluster.run.ClientLane;
import io.millrace.client.cluster.run.ClusterLine;
import io.millrace.client.committing.Committer;
import io.millrace.client.committing.run.CoordinatorLine;
import io.millrace.client.sending.AppendRules;
import io.millrace.client.sending.SendResult;
import io.millrace.client.sending.SendRules;
import io.millrace.client.sending.run.SenderLane;
import io.millrace.client.transaction.GroupOffsets;
import io.millrace.client.transaction.ProducerTransactions;
import io.millrace.client.transaction.TransactionPhase;
import io.millrace.client.transaction.TransactionTrouble;
import io.millrace.client.transaction.run.TransactionLane;
import io.millrace.protocol.ErrorCode;
import io.millrace.records.Compression;
import io.millrace.records.TopicPartition;
import io.millrace.simulator.SimulatedNode;
import io.millrace.simulator.Simulation;
import io.millrace.testkit.SeededRandom;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * One run of an application that consumes, transforms and produces: the real producer with its transactions, and the real reader
 * of committed offsets, all but the application's thread. It asks where its group stands, deals with the inputs from there on,
 * some at a time, in transactions that it commits or thinks better of, and ends where it is fenced.
 */
final class TransactionalRun implements SenderLane.Listener, TransactionLane.Listener {
    private static final int MOST_INPUTS = 5;
    private static final int MOST_VALUES = 4;
    private static final int MOST_PADDING_CHARS = 200;
    private static final int MOST_PAUSE_MS = 60;
    private static final int BATCH_BYTES = 1_024;
    private static final int MAX_REQUEST_BYTES = 8_192;
    private static final int FETCH_OFFSETS_MS = 10_000;
    private static final TopicPartition INPUTS = new TopicPartition("inputs", 0);

    /**
     * How an application goes about it.
     *
     * @param group under this name it is known as a producer, and as a group
     * @param target so many inputs there are
     */
    record Plan(String group, String topic, int partitions, int target, int timeoutMs, long deliveryTimeoutMs) {
        static Plan drawn(String group, String topic, int partitions, SeededRandom random) {
            return new Plan(
                    group,
                    topic,
                    partitions,
                    random.nextInt(10, 80),
                    random.pick(3_000, 10_000, 60_000),
                    random.pick(2_000L, 8_000L, 1_000_000_000L));
        }
    }

    final SimulatedNode machine;
    private final Plan plan;
    private final int number;
    private final Simulation simulation;
    private final TransactionHistory history;
    private final SeededRandom random;
    private final ClientLane lane;
    private final SenderLane sender;
    private final ProducerTransactions producer;
    private final TransactionLane transactions;
    private final CoordinatorLine coordinator;
    private final io.millrace.client.committing.run.GroupOffsets offsets;
    private final ClusterLine cluster;
    private final Map<Integer, SendingPartition> partitions = new TreeMap<>();
    private TransactionHistory.@Nullable Transaction open;
    private long position;
    private int valuesLeft;
    private boolean areOffsetsDue;
    private boolean areOffsetsFirst;
    private boolean isAborting;
    private boolean isWellBehaved;
    private boolean isDone;
    private long stallMs;

    TransactionalRun(
            Plan plan,
            int number,
            Simulation simulation,
            SimulatedNode machine,
            InetSocketAddress brokers,
            TransactionHistory history) {
        this.plan = plan;
        this.number = number;
        this.simulation = simulation;
        this.machine = machine;
        this.history = history;
        this.random = simulation.newRandom();
        this.lane = ClientSetup.lane(machine);
        SendRules rules = new SendRules(
                true,
                true,
                (short) -1,
                1 + random.nextInt(SendRules.MOST_IN_FLIGHT),
                Integer.MAX_VALUE,
                plan.deliveryTimeoutMs(),
                random.pick(0, 5, 40),
                ClientSetup.BACKOFF);
        this.sender = new SenderLane(lane, rules, MAX_REQUEST_BYTES, ClientSetup.REQUEST_MS, this);
        this.producer = new ProducerTransactions(plan.group(), ClientSetup.BACKOFF);
        this.transactions = new TransactionLane(lane, producer, plan.timeoutMs(), ClientSetup.REQUEST_MS, sender, this);
        this.coordinator = new CoordinatorLine(
                lane, plan.group(), ClientSetup.settings(plan.group()), ClientSetup.RECONNECTS, ClientSetup.BACKOFF);
        this.offsets = new io.millrace.client.committing.run.GroupOffsets(
                lane, plan.group(), coordinator, ClientSetup.BACKOFF, ClientSetup.REQUEST_MS);
        this.cluster =
                ClientSetup.cluster(plan.group(), lane, List.of(brokers), new ClientSetup.Both(sender, coordinator));
        Compression compression = random.pick(Compression.NONE, Compression.GZIP);
        AppendRules appendRules =
                new AppendRules(BATCH_BYTES, MAX_REQUEST_BYTES, compression, compression.defaultLevel());
        for (int i = 0; i < plan.partitions(); i++)
            partitions.put(i, new SendingPartition(lane, sender, plan.topic(), i, appendRules, this::told));
    }

    /** Begins; from outside. */
    void begin() {
        lane.lane().execute(() -> {
            transactions.begin(cluster);
            coordinator.begin(cluster);
            offsets.begin(cluster);
            transactions.initialize(trouble -> soon(() -> initialized(trouble)));
        });
    }

    /** Takes so long over its next step; from outside. */
    void stall() {
        stallMs = (long) plan.timeoutMs() + random.nextInt(plan.timeoutMs() / 2);
    }

    /** Commits whatever it can from now on; from outside. */
    void behave() {
        isWellBehaved = true;
    }

    /** Whether its group has dealt with all inputs, as it was told. */
    boolean isDone() {
        return isDone;
    }

    /** Whether it does nothing any more. */
    boolean isOver() {
        return isDone || machine.isDown();
    }

    @Override
    public String toString() {
        return plan.group() + " run " + number + " at " + position + " of " + plan.target() + " "
                + transactions.phase() + (transactions.trouble() == null ? "" : " " + transactions.trouble())
                + (open == null ? "" : " " + open) + (isOver() ? " over" : "");
    }

    /** As an application that waited for it, behind whatever the lane is doing. */
    private void soon(Runnable task) {
        lane.lane().execute(task);
    }

    private void initialized(@Nullable TransactionTrouble trouble) {
        if (trouble != null) {
            end(trouble);
            return;
        }
        history.initialized(plan.group(), producer.identity().epoch());
        findPosition();
    }

    private void findPosition() {
        offsets.committed(List.of(INPUTS), Committer.NOBODY, lane.nowMs() + FETCH_OFFSETS_MS, outcome -> {
            simulation.trace(outcome.error().code());
            if (outcome.error() != ErrorCode.NONE) {
                lane.lane().schedule(MOST_PAUSE_MS, this::findPosition);
                return;
            }
            var found = outcome.offsets().get(INPUTS);
            position = found == null ? 0 : found.offset();
            soon(this::beginNext);
        });
    }

    private void beginNext() {
        if (position >= plan.target()) {
            isDone = true;
            transactions.close();
            offsets.close();
            coordinator.close();
            sender.close("done");
            return;
        }
        TransactionHistory.Transaction fresh = history.begun(plan.group(), number, position);
        boolean isWithoutInputs = !isWellBehaved && random.nextInt(5) == 0;
        if (!isWithoutInputs) fresh.untilInput = Math.min(plan.target(), position + 1 + random.nextInt(MOST_INPUTS));
        open = fresh;
        valuesLeft = isWithoutInputs
                ? random.nextInt(MOST_VALUES)
                : 1 + random.nextInt(MOST_VALUES * (int) (fresh.untilInput - position));
        areOffsetsDue = !isWithoutInputs;
        areOffsetsFirst = random.nextBoolean();
        isAborting = false;
        transactions.beginTransaction();
        step();
    }

    private TransactionHistory.Transaction open() {
        TransactionHistory.Transaction its = open;
        if (its == null) throw new IllegalStateException("no transaction is open");
        return its;
    }

    private void step() {
        if (transactions.phase() != TransactionPhase.OPEN) {
            giveUp();
            return;
        }
        if (areOffsetsDue && (areOffsetsFirst || valuesLeft == 0)) {
            sendOffsets();
            return;
        }
        if (valuesLeft > 0) {
            valuesLeft--;
            int partition = random.nextInt(plan.partitions());
            String value = history.sending(open(), partition, "x".repeat(random.nextInt(MOST_PADDING_CHARS)));
            SendingPartition its = partitions.get(partition);
            if (its == null) throw new IllegalStateException("no partition " + partition);
            its.send(value);
            long pauseMs = stallMs > 0 ? stallMs : random.nextInt(MOST_PAUSE_MS);
            stallMs = 0;
            if (pauseMs % 3 == 0) step();
            else lane.lane().schedule(pauseMs, this::step);
            return;
        }
        if (!isWellBehaved && random.nextInt(8) == 0) abort();
        else commit();
    }

    private void sendOffsets() {
        GroupOffsets consumed =
                new GroupOffsets(plan.group(), -1, "", null, Map.of(INPUTS, new CommittedOffset(open().untilInput)));
        transactions.sendOffsets(
                consumed,
                trouble -> soon(() -> {
                    areOffsetsDue = false;
                    step();
                }));
    }

    private void commit() {
        TransactionHistory.Transaction its = open();
        history.commitAsked(its, producer.identity().epoch());
        transactions.commit(trouble -> soon(() -> {
            if (trouble != null) {
                giveUp();
                return;
            }
            history.committed(its);
            position = its.untilInput;
            beginNext();
        }));
    }

    private void giveUp() {
        TransactionTrouble trouble = transactions.trouble();
        if (trouble == null) throw TransactionHistory.broken("T14", "it cannot go on, and nobody says why: " + this);
        simulation.trace(trouble.error().code());
        if (trouble.isFatal()) end(trouble);
        else abort();
    }

    private void abort() {
        if (isAborting) throw TransactionHistory.broken("T14", "an abort is refused, and may be tried again: " + this);
        isAborting = true;
        TransactionHistory.Transaction its = open();
        transactions.abort(trouble -> soon(() -> {
            if (trouble != null) {
                giveUp();
                return;
            }
            history.aborted(its);
            position = its.fromInput;
            beginNext();
        }));
    }

    /** There is nothing more to be done with this producer. */
    private void end(TransactionTrouble trouble) {
        switch (trouble.error()) {
            case PRODUCER_FENCED, INVALID_PRODUCER_EPOCH -> simulation.after(0, machine::kill);
            default -> throw TransactionHistory.broken("T14", "no fencing: " + this);
        }
    }

    private void told(List<String> values, SendResult result) {
        TransactionHistory.Transaction its = open;
        switch (result) {
            case SendResult.Written(long baseOffset, long logAppendTimeMs) -> simulation.trace(baseOffset);
            case SendResult.Failed failed -> {
                simulation.trace(failed.error().code());
                if (its != null && values.getFirst().startsWith(its.name + "/")) its.hasFailed = true;
            }
        }
    }

    @Override
    public void onPhase(TransactionPhase phase, @Nullable TransactionTrouble trouble) {
        simulation.trace(phase.name().hashCode());
    }

    @Override
    public void onRetry(String sentence) {
        simulation.trace(sentence.hashCode());
    }

    @Override
    public void onView(ClusterView view) {
        simulation.trace(view.clusterId().hashCode());
    }

    @Override
    public void onTrouble(String sentence) {
        simulation.trace(sentence.hashCode());
    }
}
