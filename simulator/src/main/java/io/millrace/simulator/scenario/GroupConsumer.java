package io.millrace.simulator.scenario;

import io.millrace.client.CommittedOffset;
import io.millrace.client.cluster.ClusterView;
import io.millrace.client.cluster.run.ClientLane;
import io.millrace.client.cluster.run.ClusterLine;
import io.millrace.client.committing.Committer;
import io.millrace.client.committing.OffsetsOutcome;
import io.millrace.client.committing.run.CommittedStart;
import io.millrace.client.committing.run.CoordinatorLine;
import io.millrace.client.committing.run.GroupOffsets;
import io.millrace.client.fetching.FetchRules;
import io.millrace.client.fetching.run.FetcherLane;
import io.millrace.client.membership.Handover;
import io.millrace.client.membership.MemberIdentity;
import io.millrace.client.membership.run.MemberEvents;
import io.millrace.client.membership.run.MemberLane;
import io.millrace.protocol.ErrorCode;
import io.millrace.records.TopicPartition;
import io.millrace.simulator.SimulatedNode;
import io.millrace.simulator.Simulation;
import io.millrace.testkit.SeededRandom;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * The real consumer of a group, all but its application's thread: fetcher, commits and membership on the lane of a machine of its
 * own, and an application that polls, takes its time, and commits. Its polls are in steps on the same lane.
 */
final class GroupConsumer implements MemberEvents, FetcherLane.Listener, GroupHistory.Member {
    private static final int MOST_STEP_MS = 40;
    private static final int MOST_POLL_MS = 1_000;
    private static final int MOST_WORK_MS = 30;
    private static final int MOST_RECORDS = 40;
    private static final int COMMIT_TIMEOUT_MS = 6_000;
    private static final int UNNOTICED_MS = 1_000;
    /** Of how many polls with commits behind each record one is cut, on average. */
    private static final int COMMITS_PER_CUT = 8;

    final String name;
    final SimulatedNode machine;
    final @Nullable String instanceId;
    private final GroupPlan plan;
    private final Simulation simulation;
    private final GroupHistory history;
    private final Map<Integer, PartitionHistory> partitions;
    private final SeededRandom random;
    private final ClientLane lane;
    private final FetchRules rules;
    private final FetcherLane fetcher;
    private final GroupOffsets offsets;
    private final CoordinatorLine coordinator;
    private final MemberLane member;
    private final CommittedStart start;
    private final ClusterLine cluster;
    private final Map<Integer, HeldPartition> held = new TreeMap<>();
    private final Map<Integer, Long> committed = new TreeMap<>();
    private MemberIdentity identity;
    private @Nullable Handover handover;
    private boolean isSubscribed;
    private boolean wasTooSlow;
    private boolean wasFrozen;
    private boolean isPolling;
    private boolean isHandingOver;
    private boolean isClosing;
    private boolean isClosed;
    private long polledAtMs;
    private long pollEndsMs;
    private long commitFromMs = Long.MIN_VALUE;
    private long stallMs;

    GroupConsumer(
            String name,
            @Nullable String instanceId,
            GroupPlan plan,
            Simulation simulation,
            SimulatedNode machine,
            List<InetSocketAddress> servers,
            GroupHistory history,
            Map<Integer, PartitionHistory> partitions) {
        this.name = name;
        this.plan = plan;
        this.simulation = simulation;
        this.machine = machine;
        this.instanceId = instanceId;
        this.history = history;
        this.partitions = partitions;
        this.random = simulation.newRandom();
        this.lane = ClientSetup.lane(machine);
        this.rules = ClientSetup.fetchRules(random);
        this.identity = MemberIdentity.stranger(instanceId);
        this.fetcher = new FetcherLane(lane, rules, ClientSetup.REQUEST_MS, this);
        this.coordinator = coordinatorLine();
        this.offsets = new GroupOffsets(lane, plan.groupId(), coordinator, ClientSetup.BACKOFF, ClientSetup.REQUEST_MS);
        this.member = new MemberLane(
                lane,
                plan.rules(instanceId),
                plan.assignor().assignors(),
                coordinatorLine(),
                nowMs -> isPolling ? nowMs : polledAtMs,
                false,
                this);
        this.start = new CommittedStart(plan.groupId(), offsets, fetcher, this::committer, sentence -> {});
        this.cluster = ClientSetup.cluster(
                name, lane, servers, new ClientSetup.Both(fetcher, new ClientSetup.Both(coordinator, member)));
    }

    private CoordinatorLine coordinatorLine() {
        return new CoordinatorLine(
                lane, plan.groupId(), ClientSetup.settings(name), ClientSetup.RECONNECTS, ClientSetup.BACKOFF);
    }

    private Committer committer() {
        return identity.isMember()
                ? new Committer(identity.memberId(), identity.generation(), identity.instanceId())
                : Committer.NOBODY;
    }

    /** Begins; from outside. */
    void begin() {
        history.watch(this);
        lane.lane().execute(() -> {
            fetcher.begin(cluster);
            coordinator.begin(cluster);
            offsets.begin(cluster);
            member.begin(cluster);
            poll();
        });
    }

    /** The application takes so long over its next records; from outside. */
    void stall(long ms) {
        stallMs = ms;
    }

    /** How long it may not poll, and more than that. */
    long longStallMs() {
        return (long) plan.maxPollMs() + random.nextInt(plan.maxPollMs() / 2);
    }

    /** Its machine stands still; from outside. */
    void freeze(long ms) {
        wasFrozen = true;
        machine.freeze(ms);
    }

    /** Commits, lets all go, leaves and ends; from outside. */
    void close() {
        isClosing = true;
    }

    /** Whether it has been told to leave. */
    boolean isGoing() {
        return isClosing;
    }

    @Override
    public boolean isClosed() {
        return isClosed || machine.isDown();
    }

    @Override
    public int generation() {
        return identity.generation();
    }

    @Override
    public Set<Integer> held() {
        return new TreeSet<>(held.keySet());
    }

    @Override
    public String toString() {
        StringBuilder text = new StringBuilder(name + " of " + identity.generation() + " at ");
        held.forEach((partition, its) ->
                text.append(partition + ":" + its + " committed " + committed.get(partition) + ", "));
        return text + (isClosing ? "going " : "") + (handover == null ? "" : handover);
    }

    private void poll() {
        if (wasTooSlow) {
            wasTooSlow = false;
            polledAtMs = lane.nowMs();
            member.resume();
        }
        isPolling = true;
        pollEndsMs = lane.nowMs() + random.nextInt(MOST_POLL_MS);
        if (!isSubscribed) {
            isSubscribed = true;
            member.subscribe(new TreeSet<>(List.of(plan.topic())));
        }
        step();
    }

    private void step() {
        if (isHandingOver) return; // Its end comes back here.
        Handover next = handover;
        if (next != null) {
            handover = null;
            isHandingOver = true;
            carryOut(next);
            return;
        }
        if (isClosing) {
            closeNow();
            return;
        }
        if (!identity.isMember() && !held.isEmpty())
            throw history.broken(name + " was put out, and reads on " + held.keySet());
        beginFresh();
        int taken = plan.commitsEach() ? takeCommittingEach() : take(1 + random.nextInt(MOST_RECORDS));
        commitIfDue();
        if (taken == 0 && lane.nowMs() < pollEndsMs) {
            lane.lane().schedule(1 + random.nextInt(MOST_STEP_MS), this::step);
            return;
        }
        isPolling = false;
        polledAtMs = lane.nowMs();
        long workMs = stallMs > 0 ? stallMs : random.nextInt(MOST_WORK_MS);
        stallMs = 0;
        wasFrozen = false;
        lane.lane().schedule(workMs, () -> {
            long overMs = lane.nowMs() - polledAtMs - plan.maxPollMs();
            if (overMs > UNNOTICED_MS && !wasTooSlow && !wasFrozen && identity.isMember())
                throw history.broken(name + " polls " + overMs + " ms too late, and nobody says so");
            poll();
        });
    }

    private void carryOut(Handover doing) {
        List<Integer> its =
                doing.partitions().stream().map(TopicPartition::partition).toList();
        simulation.trace(doing.getClass().getSimpleName().hashCode() * 31L + its.hashCode());
        switch (doing) {
            case Handover.Assign assign -> {
                for (int each : its) add(each);
                history.claimed(this, owner(), assign.generation());
                done(doing);
            }
            case Handover.Lose lose -> {
                remove(its);
                done(doing);
            }
            case Handover.Revoke revoke -> {
                Runnable then = () -> {
                    remove(its);
                    done(doing);
                };
                if (identity.isMember() && random.nextInt(4) > 0) commit(its, then);
                else then.run();
            }
        }
    }

    private void done(Handover doing) {
        isHandingOver = false;
        member.handedOver(doing);
        step();
    }

    private void add(int partition) {
        PartitionHistory its = partitions.get(partition);
        if (its == null || held.containsKey(partition))
            throw history.broken(name + " is given partition " + partition + ", having " + held.keySet());
        Beginning beginning = new Beginning(partition);
        HeldPartition fresh = new HeldPartition(name, its, rules.isReadCommitted(), fetcher, beginning::at);
        held.put(partition, fresh);
        fresh.isReadBy(fetcher.add(new TopicPartition(plan.topic(), partition), fresh));
    }

    private void remove(Collection<Integer> its) {
        for (int each : its) {
            HeldPartition gone = held.remove(each);
            if (gone == null) throw history.broken(name + " is to let partition " + each + " go, which it has not");
            fetcher.remove(gone.line());
            gone.isGone();
        }
    }

    /** Compares where a partition begins with what was committed before it asked. */
    private final class Beginning {
        private final int partition;
        private final long askedAt = history.now();

        Beginning(int partition) {
            this.partition = partition;
        }

        void at(long offset) {
            simulation.trace(offset);
            history.begins(name, partition, askedAt, offset);
            committed.put(partition, offset);
        }
    }

    private void beginFresh() {
        List<CommittedStart.Fresh> fresh = new ArrayList<>();
        held.forEach((partition, each) -> {
            if (each.isBegun()) return;
            fresh.add(new CommittedStart.Fresh(
                    new TopicPartition(plan.topic(), partition), each.line(), each, each.toBegin()));
        });
        start.begin(fresh);
    }

    private int take(int most) {
        int count = 0;
        for (int partition : random.shuffled(List.copyOf(held.keySet()))) {
            HeldPartition its = held.get(partition);
            if (its == null) continue;
            count += its.take(most - count, offset -> read(partition, offset));
        }
        return count;
    }

    /**
     * Takes records, and commits behind each if commits are due. Now and then connections are reset meanwhile: the first of these
     * commits has to be repeated, and others wait behind it.
     */
    private int takeCommittingEach() {
        int most = 1 + random.nextInt(MOST_RECORDS);
        boolean isToCommit = isToCommit();
        int count = 0;
        while (count < most && take(1) == 1) {
            count++;
            if (isToCommit) commit(held.keySet(), () -> {});
        }
        if (isToCommit && count > 1 && random.nextInt(COMMITS_PER_CUT) == 0)
            simulation.after(0, machine::cutConnections);
        return count;
    }

    private void read(int partition, long offset) {
        simulation.trace(offset);
        history.read(owner(), identity.generation(), partition, offset);
    }

    /** A static member is the same one when it has come back. */
    private String owner() {
        return instanceId == null ? name : instanceId;
    }

    private boolean isToCommit() {
        return identity.isMember() && lane.nowMs() >= commitFromMs;
    }

    private void commitIfDue() {
        if (!isToCommit()) return;
        commitFromMs = lane.nowMs() + plan.commitMs();
        commit(held.keySet(), () -> {});
    }

    private void commit(Collection<Integer> its, Runnable then) {
        Map<Integer, Long> asked = new TreeMap<>();
        Map<TopicPartition, CommittedOffset> request = new TreeMap<>();
        for (int each : its) {
            HeldPartition known = held.get(each);
            if (known == null || known.position() < 0) continue;
            if (known.position() == committed.getOrDefault(each, -1L)) continue;
            asked.put(each, known.position());
            request.put(
                    new TopicPartition(plan.topic(), each),
                    new CommittedOffset(known.position(), known.leaderEpoch(), ""));
        }
        if (asked.isEmpty()) {
            then.run();
            return;
        }
        List<Object> noted = history.committing(name, owner(), identity.generation(), asked);
        offsets.commit(request, committer(), lane.nowMs() + COMMIT_TIMEOUT_MS, outcome -> {
            committed(asked, noted, outcome);
            then.run();
        });
    }

    private void committed(Map<Integer, Long> asked, List<Object> noted, OffsetsOutcome outcome) {
        simulation.trace(outcome.error().code());
        history.ended(noted, outcome.error());
        if (outcome.isOfNoMember()) {
            member.commitRefused();
            return;
        }
        switch (outcome.error()) {
            case NONE -> asked.forEach((partition, offset) -> committed.merge(partition, offset, Math::max));
            case REBALANCE_IN_PROGRESS, REQUEST_TIMED_OUT, NETWORK_EXCEPTION -> {}
            default -> throw history.broken(name + " cannot commit: " + outcome.error() + ", " + outcome.sentence());
        }
    }

    private void closeNow() {
        commit(held.keySet(), () -> {
            remove(List.copyOf(held.keySet()));
            member.close(() -> {
                offsets.close();
                coordinator.close();
                fetcher.close();
                isClosed = true;
            });
        });
    }

    @Override
    public void handOver(Handover next) {
        if (handover != null) throw history.broken(name + " is to do two things at a time: " + handover + ", " + next);
        handover = next;
    }

    @Override
    public void isNow(MemberIdentity now) {
        identity = now;
        simulation.trace(now.generation());
    }

    @Override
    public void wasTooSlow(long sinceMs) {
        wasTooSlow = true;
    }

    @Override
    public void failed(ErrorCode error, String sentence, boolean isFinal) {
        // The request of one that crashed may come late, behind the first of its successor.
        if (error != ErrorCode.FENCED_INSTANCE_ID) throw history.broken(name + " is told " + error + ": " + sentence);
        simulation.after(0, machine::kill);
    }

    @Override
    public void onTrouble(String sentence) {
        simulation.trace(sentence.hashCode());
    }

    @Override
    public void onView(ClusterView view) {
        simulation.trace(view.clusterId().hashCode());
    }
}
