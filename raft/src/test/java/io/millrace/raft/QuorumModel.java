package io.millrace.raft;

import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.Uuid;
import io.millrace.testkit.SeededRandom;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.PriorityQueue;
import java.util.Set;

/**
 * A whole quorum: real machines on logs in memory, over a network that loses, doubles, delays, reorders and cuts, one way or
 * both, and with replicas that crash and forget what was not forced, and whose clocks run at rates of their own. All of it
 * follows from one seed.
 */
final class QuorumModel {
    private static final int MOST_DELAY_MS = 60;

    private final SeededRandom random;
    private final Mistake mistake;
    private final int voterCount;
    private final ModelClaims claims = new ModelClaims();
    private final List<ModelNode> nodes = new ArrayList<>();
    private final PriorityQueue<Task> tasks = new PriorityQueue<>();
    private final Map<Long, Caller> callers = new HashMap<>();
    private final Set<Long> operatorsCalls = new HashSet<>();
    private final Set<String> cutLinks = new HashSet<>();
    private final Map<Integer, Map<Integer, Long>> heardAtMs = new HashMap<>();
    private final Map<Integer, Long> ledSinceMs = new HashMap<>();
    private long nowMs = 1000;
    private long sequence;
    private long nextCall = 1;
    private long nextValue = 1;
    private double loss;
    private double duplication;
    private int grantedChanges;
    private boolean isCalm;

    private record Task(long atMs, long order, Runnable what) implements Comparable<Task> {
        @Override
        public int compareTo(Task other) {
            return atMs != other.atMs ? Long.compare(atMs, other.atMs) : Long.compare(order, other.order);
        }
    }

    /** An answer reaches the life of the replica that asked, and no later one: its connection ended with it. */
    private record Caller(ModelNode node, int life, long number, PeerRequest request) {
        void answered(PeerAnswer answer) {
            if (node.life() == life) node.tell(new QuorumEvent.Answered(number, answer));
        }
    }

    QuorumModel(SeededRandom random, int voterCount, int observerCount, Mistake mistake) {
        this.random = random;
        this.voterCount = voterCount;
        this.mistake = mistake;
        List<Voter> voters = new ArrayList<>();
        for (int id = 0; id < voterCount; id++) voters.add(voter(id));
        VoterSet voterSet = new VoterSet(voters);
        boolean join = random.nextInt(4) == 0;
        for (int id = 0; id < voterCount + observerCount; id++)
            nodes.add(new ModelNode(
                    this,
                    random.split(),
                    id,
                    isToldOnlyAddresses(id - voterCount) ? VoterSet.NONE : voterSet,
                    join && id >= voterCount));
    }

    /** One of two observers; where a mistake is looked for, the stories are those in which it has been found. */
    private boolean isToldOnlyAddresses(int observer) {
        return observer == 1 && mistake == Mistake.NONE;
    }

    /** A replica as a voter. */
    static Voter voter(int id) {
        var endpoint = new Voter.Endpoint("CONTROLLER", "host-" + id, 9093);
        return new Voter(new ReplicaKey(id, new Uuid(7, id)), List.of(endpoint), (short) 0, (short) 1);
    }

    ModelClaims claims() {
        return claims;
    }

    Mistake mistake() {
        return mistake;
    }

    long nowMs() {
        return nowMs;
    }

    /** Whether nothing goes wrong any more. */
    boolean isCalm() {
        return isCalm;
    }

    List<ModelLog> logsOf(VoterSet voters) {
        return voters.ids().stream().map(id -> nodes.get(id).log).toList();
    }

    /** How many changes of who votes were granted. */
    int grantedChanges() {
        return grantedChanges;
    }

    void later(long inMs, Runnable what) {
        tasks.add(new Task(nowMs + inMs, sequence++, what));
    }

    // The network

    void ask(ModelNode from, long number, ReplicaKey to, PeerRequest request) {
        ModelNode receiver = nodes.get(to.id());
        int life = from.life();
        for (int copies = copies(); copies > 0; copies--) {
            deliver(from, receiver, () -> {
                var caller = new Caller(from, life, number, request);
                boolean seemsGone = !isCalm && random.nextInt(50) == 0;
                if (!receiver.isUp() || seemsGone) {
                    deliver(receiver, from, () -> caller.answered(new PeerAnswer.Gone()));
                    return;
                }
                long call = nextCall++;
                callers.put(call, caller);
                noteHeard(receiver, from, request);
                if (request instanceof PeerRequest.ChangeVoters(int epoch, VoterChange change))
                    receiver.change(call, change);
                else receiver.tell(new QuorumEvent.Asked(call, from.key, Optional.of(to), request));
            });
        }
    }

    /** Of whom only an address is known: one of the voters. */
    ReplicaKey atAnAddress(int drawn) {
        return new ReplicaKey(Math.floorMod(drawn, voterCount), Uuid.ZERO);
    }

    void answer(ModelNode from, long call, PeerAnswer answer) {
        Caller caller = callers.remove(call);
        if (caller == null) throw new AssertionError("call " + call + " is answered twice");
        for (int copies = copies(); copies > 0; copies--) deliver(from, caller.node(), () -> caller.answered(answer));
        boolean isVote = caller.request() instanceof PeerRequest.Vote vote && !vote.isPreVote();
        if (isVote && answer instanceof PeerAnswer.Voted voted && voted.isGranted())
            claims.votes(from.id(), caller.request().epoch(), caller.node().key);
    }

    void answerChange(ModelNode from, long call, ErrorCode error, String sentence) {
        if ((error == ErrorCode.NONE) != sentence.isEmpty()) throw new AssertionError(error + ": " + sentence);
        if (error == ErrorCode.NONE) grantedChanges++;
        if (operatorsCalls.remove(call)) return;
        var unknown = new LeaderAndEpoch(OptionalInt.empty(), 0);
        answer(
                from,
                call,
                error == ErrorCode.NONE
                        ? new PeerAnswer.Acknowledged(unknown)
                        : new PeerAnswer.Refused(error, unknown));
    }

    /** Somebody has a leader take in a replica, or let one go. */
    private void operator() {
        if (isCalm) return;
        for (ModelNode leader : nodes) {
            if (!leader.isLeader()) continue;
            ModelNode node = nodes.get(random.nextInt(nodes.size()));
            boolean votes = leader.voters().find(node.id()).isPresent();
            long call = nextCall++;
            operatorsCalls.add(call);
            leader.change(
                    call,
                    votes
                            ? new VoterChange.Remove(node.key)
                            : new VoterChange.Add(voter(node.id()), random.nextBoolean()));
        }
        later(random.nextInt(mistake.isOfChanges() ? 300 : 2_000), this::operator);
    }

    private int copies() {
        if (isCalm) return 1;
        return random.chance(loss) ? 0 : random.chance(duplication) ? 2 : 1;
    }

    private void deliver(ModelNode from, ModelNode to, Runnable arrival) {
        later(1 + random.nextInt(isCalm ? 5 : MOST_DELAY_MS), () -> {
            if (!cutLinks.contains(from.id() + ">" + to.id())) arrival.run();
        });
    }

    private void noteHeard(ModelNode leader, ModelNode from, PeerRequest request) {
        boolean isFetch = request instanceof PeerRequest.Fetch || request instanceof PeerRequest.FetchSnapshot;
        if (isFetch && leader.isLeader() && request.epoch() == leader.epoch())
            heardAtMs.computeIfAbsent(leader.id(), id -> new HashMap<>()).put(from.id(), nowMs);
    }

    // The story

    /** Lets everything go wrong for a while, then nothing, and waits until all agree. */
    void run(long troubledMs) {
        for (ModelNode node : nodes) later(random.nextInt(500), () -> startIfDown(node));
        later(0, this::client);
        later(0, this::trouble);
        // Changes hide other mistakes: with few voters there is less to go wrong.
        boolean changes = mistake == Mistake.NONE ? random.nextInt(3) > 0 : mistake.isOfChanges();
        if (changes) later(0, this::operator);
        runUntil(nowMs + troubledMs);
        calm();
        long value = nextValue;
        long deadlineMs = nowMs + 60_000;
        while (!allAgreeAfter(value)) {
            if (nowMs > deadlineMs)
                throw new AssertionError("nothing is agreed on a minute after all is well: " + nodes);
            runUntil(nowMs + 50);
        }
    }

    private void runUntil(long untilMs) {
        while (!tasks.isEmpty() && tasks.peek().atMs() <= untilMs) {
            Task task = tasks.remove();
            nowMs = task.atMs();
            task.what().run();
            nodes.forEach(this::hasMajorityOrStepsDown);
        }
        nowMs = untilMs;
    }

    /** M5, by the plain definition: a leader that no majority has reached for so long leads no more. */
    private void hasMajorityOrStepsDown(ModelNode node) {
        if (!node.isLeader()) {
            ledSinceMs.remove(node.id());
            heardAtMs.remove(node.id());
            return;
        }
        long since = ledSinceMs.computeIfAbsent(node.id(), id -> nowMs);
        long boundMs = (long) (QuorumTimeouts.DEFAULT.checkQuorumTimeoutMs() / node.clockRate()) + 20;
        int near = 0;
        List<Integer> voters = node.voters().ids();
        for (int id : voters) {
            long heard = heardAtMs.getOrDefault(node.id(), Map.of()).getOrDefault(id, since);
            if (id == node.id() || nowMs - heard <= boundMs) near++;
        }
        if (2 * near <= voters.size()) throw new AssertionError(node + " leads on with " + near + " of " + voters);
    }

    private void client() {
        for (ModelNode node : nodes) if (node.isLeader()) node.append(nextValue++);
        if (random.nextInt(20) == 0) nodes.get(random.nextInt(nodes.size())).snapshot();
        later(random.nextInt(isCalm ? 100 : 400), this::client);
    }

    private void trouble() {
        if (isCalm) return;
        ModelNode node = nodes.get(random.nextInt(nodes.size()));
        ModelNode other = nodes.get(random.nextInt(nodes.size()));
        ModelNode leader =
                nodes.stream().filter(ModelNode::isLeader).findFirst().orElse(node);
        switch (random.nextInt(13)) {
            case 0, 1 -> {
                if (node.isUp()) node.crash();
            }
            case 10 -> {
                if (leader.isUp()) leader.crash();
            }
            case 11 -> {
                for (ModelNode each : nodes) cutLinks.add(each.id() + ">" + leader.id());
            }
            case 2, 3 -> startIfDown(node);
            case 4 -> cutLinks.add(node.id() + ">" + other.id());
            case 5 -> {
                for (ModelNode each : nodes) {
                    if (random.nextBoolean()) cutLinks.add(node.id() + ">" + each.id());
                    if (random.nextBoolean()) cutLinks.add(each.id() + ">" + node.id());
                }
            }
            case 6, 7 -> cutLinks.clear();
            case 8 -> {
                loss = random.nextBoolean() ? 0 : random.nextDouble() * 0.4;
                duplication = random.nextDouble() * 0.3;
            }
            default -> nodes.forEach(this::startIfDown);
        }
        later(random.nextInt(2000), this::trouble);
    }

    private void startIfDown(ModelNode node) {
        if (!node.isUp()) node.start();
    }

    private void calm() {
        isCalm = true;
        loss = 0;
        duplication = 0;
        cutLinks.clear();
        nodes.forEach(this::startIfDown);
    }

    private boolean allAgreeAfter(long value) {
        long highWatermark = nodes.getFirst().highWatermark();
        if (nextValue <= value + 5 || claims.committedCount() == 0) return false;
        for (ModelNode node : nodes) {
            if (node.leaderId().isEmpty() || node.highWatermark() < 1) return false;
            if (node.log.entry(node.highWatermark() - 1).value() < value) return false;
            claims.agrees(node.log, node.highWatermark(), node.id());
        }
        return highWatermark > 0;
    }
}
