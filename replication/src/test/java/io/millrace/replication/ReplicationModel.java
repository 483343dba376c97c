package io.millrace.replication;

import io.millrace.replication.ModelLog.Entry;
import io.millrace.testkit.SeededRandom;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * A whole partition: real machines on logs in memory, over a network that loses, doubles, delays, reorders and cuts, one way or both, with
 * brokers that stop, crash, and forget what was not forced, and a controller that moves the leadership. All of it follows from one seed.
 */
final class ReplicationModel {
    static final int CONTROLLER = -1;
    private static final int MOST_DELAY_MS = 60;

    private final SeededRandom random;
    private final Mistake mistake;
    private final int minIsr;
    private final ModelClaims claims = new ModelClaims();
    private final ModelController controller;
    private final List<ModelBroker> brokers = new ArrayList<>();
    private final PriorityQueue<Task> tasks = new PriorityQueue<>();
    private final Set<String> cutLinks = new HashSet<>();

    /** Crashed uncleanly, and the controller does not know yet: what they hold cannot be counted on. */
    private final Set<Integer> tainted = new TreeSet<>();

    private final Map<Integer, Long> proposedUntilMs = new TreeMap<>();
    private long nowMs = 1000;
    private long sequence;
    private long nextValue = 1;
    private double loss;
    private double duplication;
    private boolean isCalm;
    private int checkedVersion = -1;

    private record Task(long atMs, long order, Runnable what) implements Comparable<Task> {
        @Override
        public int compareTo(Task other) {
            return atMs != other.atMs ? Long.compare(atMs, other.atMs) : Long.compare(order, other.order);
        }
    }

    ReplicationModel(SeededRandom random, int replicaCount, int minIsr, boolean asksEpochFirst, Mistake mistake) {
        this.random = random;
        this.minIsr = minIsr;
        this.mistake = mistake;
        this.controller = new ModelController(replicaCount, minIsr, mistake, claims);
        for (int id = 0; id < replicaCount; id++)
            brokers.add(new ModelBroker(this, random.split(), id, asksEpochFirst));
    }

    ModelClaims claims() {
        return claims;
    }

    ModelController controller() {
        return controller;
    }

    Mistake mistake() {
        return mistake;
    }

    int minIsr() {
        return minIsr;
    }

    long nowMs() {
        return nowMs;
    }

    /** Whether nothing goes wrong any more. */
    boolean isCalm() {
        return isCalm;
    }

    long nextValue() {
        return nextValue++;
    }

    ModelBroker broker(int id) {
        return brokers.get(id);
    }

    void later(long inMs, Runnable what) {
        tasks.add(new Task(nowMs + inMs, sequence++, what));
    }

    // The network

    boolean isCut(int from, int to) {
        return cutLinks.contains(from + ">" + to);
    }

    /** Brokers' messages are lost, doubled, delayed, and overtake each other. */
    void send(int from, int to, Runnable arrival) {
        int copies = isCalm ? 1 : random.chance(loss) ? 0 : random.chance(duplication) ? 2 : 1;
        for (; copies > 0; copies--)
            later(1 + random.nextInt(isCalm ? 5 : MOST_DELAY_MS), () -> {
                if (!isCut(from, to)) arrival.run();
            });
    }

    /** Whether a message between a broker and the controller is lost; those that are not come in the order in which they were sent. */
    boolean isLostAtController() {
        return !isCalm && random.chance(loss);
    }

    // What must hold

    /** R4: what a leader commits is in the logs of as many as the topic demands, but for what crashes took after it was written there. */
    void isHeldByEnough(ModelLog leaders, long offset) {
        Entry last = leaders.entry(offset - 1);
        int holders = 0;
        for (ModelBroker broker : brokers) {
            boolean holds = broker.log.logEndOffset() >= offset
                    && (offset <= broker.log.logStartOffset()
                            || broker.log.entry(offset - 1).equals(last));
            if (holds || claims.heldBefore(offset - 1, last, broker.id(), broker.life())) holders++;
        }
        if (holders < Math.min(minIsr, brokers.size()))
            throw new AssertionError(holders + " hold what is committed below " + offset + ": " + brokers);
    }

    /** R8: whoever the controller may make leader has what is committed. */
    void electableHoldCommitted() {
        for (int id : controller.electable())
            if (!tainted.contains(id)) claims.holdsAllCommitted(broker(id).log, "electable " + id);
    }

    private void check() {
        int version = controller.snapshot().version();
        if (version == checkedVersion) return;
        checkedVersion = version;
        electableHoldCommitted();
    }

    // Crashes

    /**
     * R1: fewer than {@code min.insync.replicas} of those who are electable, or may be soon, may lose records, or be taken for having lost some,
     * at once.
     */
    boolean mayCrash(int id) {
        Set<Integer> counted = new TreeSet<>(controller.electable());
        proposedUntilMs.forEach((proposed, untilMs) -> {
            if (nowMs < untilMs) counted.add(proposed);
        });
        if (!counted.contains(id) || tainted.contains(id)) return true;
        Set<Integer> sound = new TreeSet<>(controller.electable());
        sound.removeAll(tainted);
        counted.retainAll(tainted);
        return counted.size() < minIsr - 1 && (sound.size() >= 2 || !sound.contains(id));
    }

    /** A leader proposes a broker, and will go on until it has an answer. */
    void proposed(int id) {
        proposedUntilMs.put(id, nowMs + 2 * ModelBroker.PROPOSAL_TIMEOUT_MS);
    }

    void crashed(int id) {
        tainted.add(id);
    }

    void registered(int id) {
        tainted.remove(id);
    }

    // The story

    /** Lets everything go wrong for a while, then nothing, and waits until all agree. */
    void run(long troubledMs) {
        for (ModelBroker broker : brokers) later(random.nextInt(300), broker::startIfDown);
        later(0, this::client);
        later(0, this::trouble);
        later(0, this::watchSessions);
        runUntil(nowMs + troubledMs);
        calm();
        long value = nextValue;
        long deadlineMs = nowMs + 30_000;
        while (!allAgreeAfter(value)) {
            if (nowMs > deadlineMs)
                throw new AssertionError(
                        "nothing is agreed on half a minute after all is well: " + controller + " " + brokers);
            runUntil(nowMs + 50);
        }
    }

    private void runUntil(long untilMs) {
        while (!tasks.isEmpty() && tasks.peek().atMs() <= untilMs) {
            Task task = tasks.remove();
            nowMs = task.atMs();
            task.what().run();
            check();
        }
        nowMs = untilMs;
    }

    private void watchSessions() {
        controller.fenceTheSilent(nowMs);
        later(20, this::watchSessions);
    }

    private void client() {
        for (ModelBroker broker : brokers) broker.produce(1 + random.nextInt(4));
        if (random.nextInt(40) == 0) random.pick(brokers).deleteRecords();
        later(random.nextInt(isCalm ? 60 : 120), this::client);
    }

    private void trouble() {
        if (isCalm) return;
        ModelBroker broker = random.pick(brokers);
        ModelBroker other = random.pick(brokers);
        ModelBroker leader =
                brokers.stream().filter(ModelBroker::isLeader).findFirst().orElse(broker);
        switch (random.nextInt(18)) {
            case 0, 1 -> broker.crash();
            case 2 -> leader.crash();
            case 3 -> broker.stop();
            case 4, 5 -> broker.startIfDown();
            case 6 -> cut(broker.id(), other.id());
            case 7 -> {
                for (ModelBroker each : brokers) {
                    if (random.nextBoolean()) cut(broker.id(), each.id());
                    if (random.nextBoolean()) cut(each.id(), broker.id());
                }
            }
            case 8 -> {
                cut(broker.id(), CONTROLLER);
                if (random.nextBoolean()) cut(CONTROLLER, broker.id());
            }
            case 9 -> {
                cut(leader.id(), CONTROLLER);
                cut(CONTROLLER, leader.id());
            }
            case 10, 11, 12 -> cutLinks.clear();
            case 13 -> {
                loss = random.nextBoolean() ? 0 : random.nextDouble() * 0.4;
                duplication = random.nextDouble() * 0.3;
            }
            case 14, 15 -> controller.prefer(broker.id());
            default -> brokers.forEach(ModelBroker::startIfDown);
        }
        later(random.nextInt(500), this::trouble);
    }

    private void cut(int from, int to) {
        cutLinks.add(from + ">" + to);
    }

    private void calm() {
        isCalm = true;
        loss = 0;
        duplication = 0;
        cutLinks.clear();
        brokers.forEach(ModelBroker::startIfDown);
    }

    private boolean allAgreeAfter(long value) {
        if (controller.isrSize() < brokers.size() || nextValue <= value + 5) return false;
        for (ModelBroker broker : brokers) {
            if (!broker.hasCommittedSince(value)) return false;
            claims.agreesWholly(broker.log, broker.highWatermark(), broker.toString());
        }
        return true;
    }
}
