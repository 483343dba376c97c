package io.millrace.client.membership;

import io.millrace.client.assignor.Assignor;
import io.millrace.client.assignor.TopicLayouts;
import io.millrace.client.cluster.RetryBackoff;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.Request;
import io.millrace.protocol.Response;
import io.millrace.protocol.messages.HeartbeatRequest;
import io.millrace.records.TopicPartition;
import io.millrace.testkit.SeededRandom;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * A coordinator and the consumers of its group, in one thread and in model time. Requests and answers of one consumer keep their
 * order; a cut loses what is under way, and whether a request was acted on is up to chance. What must hold always is looked at
 * after each step.
 */
final class ModelGroup {
    static final int SESSION_MS = 3_000;
    static final int HEARTBEAT_MS = 1_000;
    static final int MAX_POLL_MS = 10_000;

    final ModelCoordinator coordinator = new ModelCoordinator();
    final Map<String, Integer> partitionCounts = new TreeMap<>();
    final List<Consumer> consumers = new ArrayList<>();
    private final SeededRandom random;
    private final StringBuilder trace = new StringBuilder();
    private int coordinatorEpoch;
    long nowMs;

    ModelGroup(SeededRandom random) {
        this.random = random;
    }

    /** A consumer: the member, and the application around it. */
    final class Consumer {
        final String name;
        final @Nullable String instanceId;
        final boolean isCooperative;
        final GroupMembership member;
        final SortedSet<String> topics;
        /** What the application takes for its own. */
        final SortedSet<TopicPartition> held = new TreeSet<>();

        final List<String> told = new ArrayList<>();
        private final Deque<MembershipAction.Ask> toSend = new ArrayDeque<>();
        private final Map<Long, Request> unanswered = new HashMap<>();
        private final Deque<MembershipEvent> arriving = new ArrayDeque<>();
        private @Nullable Handover handover;
        private int connection;
        private int knownEpoch;
        boolean hasToLearn = true;
        boolean hasStarted;
        boolean mustResume;
        boolean isStuck;
        boolean isGone;

        @Nullable
        ErrorCode failure;

        long polledAtMs;
        int revocations;

        Consumer(String name, @Nullable String instanceId, SortedSet<String> topics, List<Assignor> assignors) {
            this.name = name;
            this.instanceId = instanceId;
            this.topics = new TreeSet<>(topics);
            this.isCooperative = assignors.stream().allMatch(Assignor::isCooperative);
            this.member = new GroupMembership(
                    new MembershipRules(
                            "group",
                            instanceId,
                            null,
                            SESSION_MS,
                            HEARTBEAT_MS,
                            MAX_POLL_MS,
                            SESSION_MS,
                            new RetryBackoff(20, 200)),
                    assignors);
            this.knownEpoch = coordinatorEpoch;
        }

        void on(MembershipEvent event) {
            if (isGone) return;
            for (MembershipAction action : member.on(event, nowMs, random.nextLong())) {
                switch (action) {
                    case MembershipAction.Ask ask -> {
                        toSend.add(ask);
                        unanswered.put(ask.call(), ask.request());
                    }
                    case MembershipAction.FindCoordinator find -> knownEpoch = coordinatorEpoch;
                    case MembershipAction.Tell(Handover next) -> tell(next);
                    case MembershipAction.LearnTopics learn -> hasToLearn = true;
                    case MembershipAction.TellTooSlow slow -> mustResume = true;
                    case MembershipAction.Fail(ErrorCode error, String sentence, boolean isFinal) -> {
                        note(name + " fails: " + sentence);
                        failure = error;
                        mustResume = !isFinal;
                    }
                    case MembershipAction.Note(String sentence) -> note(name + ": " + sentence);
                }
            }
        }

        private void tell(Handover next) {
            note(name + " is to " + next);
            check(handover == null, name + " is asked two things at a time");
            handover = next;
            if (!(next instanceof Handover.Revoke(long number, List<TopicPartition> partitions))) return;
            revocations++;
            if (!isCooperative || !coordinator.hasInGeneration(member.identity().memberId())) return;
            byte[] assignment = coordinator.assignment(member.identity().memberId());
            if (assignment.length == 0) return;
            SortedSet<TopicPartition> staying = ConsumerProtocol.assigned(assignment);
            for (TopicPartition each : partitions)
                check(
                        !staying.contains(each) || !topics.contains(each.topic()),
                        name + " is to give up " + each + ", which stays with it");
        }

        /** The application polls. */
        void poll() {
            if (isGone) return;
            polledAtMs = nowMs;
            if (mustResume) {
                mustResume = false;
                failure = null;
                on(new MembershipEvent.Resumed());
            }
            if (!hasStarted) {
                hasStarted = true;
                on(new MembershipEvent.Subscribed(topics));
            }
            Handover doing = handover;
            if (doing != null) {
                handover = null;
                switch (doing) {
                    case Handover.Revoke(long number, List<TopicPartition> partitions) -> {
                        check(held.containsAll(partitions), name + " gives up what it has not got");
                        held.removeAll(partitions);
                    }
                    case Handover.Lose(long number, List<TopicPartition> partitions) -> {
                        check(held.containsAll(partitions), name + " loses what it has not got");
                        held.removeAll(partitions);
                    }
                    case Handover.Assign(long number, List<TopicPartition> partitions, int generation) -> {
                        for (TopicPartition each : partitions)
                            check(held.add(each), name + " is given " + each + " twice");
                    }
                }
                told.add(doing.getClass().getSimpleName() + " " + doing.partitions());
                on(new MembershipEvent.HandedOver(doing.number()));
            }
            on(new MembershipEvent.Ticked(polledAtMs));
        }

        void learn() {
            hasToLearn = false;
            Set<String> known = new HashSet<>(partitionCounts.keySet());
            on(new MembershipEvent.TopicsLearned(TopicLayouts.ofCounts(partitionCounts), known));
        }

        void subscribe(SortedSet<String> wanted) {
            topics.clear();
            topics.addAll(wanted);
            if (hasStarted) on(new MembershipEvent.Subscribed(topics));
        }

        /** The connection breaks: of the request that is under way nobody knows whether it came there. */
        void cut() {
            MembershipAction.Ask sending = toSend.peek();
            if (sending != null && random.nextBoolean()) send();
            connection++;
            toSend.clear();
            arriving.clear();
            List<Long> lost = new ArrayList<>(new TreeMap<>(unanswered).keySet());
            unanswered.clear();
            for (long each : lost) on(new MembershipEvent.Unanswered(each, "the connection broke", false));
        }

        void send() {
            MembershipAction.Ask ask = toSend.poll();
            if (ask == null) return;
            int through = connection;
            if (knownEpoch != coordinatorEpoch) {
                arrive(ask.call(), ModelCoordinator.refused(ask.request(), ErrorCode.NOT_COORDINATOR), through);
                return;
            }
            coordinator.handle(ask.request(), nowMs, response -> arrive(ask.call(), response, through));
        }

        private void arrive(long call, Response response, int through) {
            if (through == connection) arriving.add(new MembershipEvent.Answered(call, response));
        }

        void receive() {
            MembershipEvent next = arriving.poll();
            if (next == null) return;
            if (next instanceof MembershipEvent.Answered(long call, Response response)) unanswered.remove(call);
            on(next);
        }

        /** It ends without a word. */
        void crash() {
            note(name + " crashes");
            isGone = true;
            connection++;
            held.clear();
        }

        /** It ends as it should. */
        void close() {
            note(name + " closes");
            held.clear();
            handover = null;
            on(new MembershipEvent.Unsubscribed());
            while (!toSend.isEmpty()) send();
            isGone = true;
        }

        boolean isBusy() {
            boolean isAsking = unanswered.values().stream().anyMatch(each -> !(each instanceof HeartbeatRequest));
            return handover != null || isAsking || hasToLearn || mustResume;
        }
    }

    Consumer add(String name, @Nullable String instanceId, Set<String> topics, List<Assignor> assignors) {
        Consumer consumer = new Consumer(name, instanceId, new TreeSet<>(topics), assignors);
        consumers.add(consumer);
        note(name + " is there");
        return consumer;
    }

    /** The coordinator is another one from now on; requests under way find nobody. */
    void moveCoordinator() {
        note("the coordinator moves");
        coordinatorEpoch++;
        for (Consumer each : consumers) if (random.nextBoolean()) each.cut();
        coordinator.move(nowMs);
    }

    void pass(long ms) {
        nowMs += ms;
        coordinator.tick(nowMs);
        for (Consumer each : List.copyOf(consumers)) {
            if (each.isGone || each.member.wakeAtMs() > nowMs) continue;
            each.on(new MembershipEvent.Ticked(each.polledAtMs));
        }
    }

    /** One small thing happens that is no fault. */
    void step() {
        List<Consumer> alive = consumers.stream().filter(each -> !each.isGone).toList();
        if (!alive.isEmpty()) {
            Consumer one = random.pick(alive);
            switch (random.nextInt(5)) {
                case 0 -> one.send();
                case 1 -> one.receive();
                case 2 -> {
                    if (!one.isStuck) one.poll();
                }
                case 3 -> {
                    if (one.hasToLearn) one.learn();
                }
                default -> pass(random.nextInt(30));
            }
        } else {
            pass(random.nextInt(30));
        }
        checkNobodySharesAPartition();
    }

    /** Whoever the coordinator takes for a member of the present generation has its partitions for itself. */
    private void checkNobodySharesAPartition() {
        Map<TopicPartition, String> holders = new HashMap<>();
        for (Consumer each : consumers) {
            if (each.isGone
                    || !coordinator.hasInGeneration(each.member.identity().memberId())) continue;
            for (TopicPartition partition : each.held) {
                String other = holders.put(partition, each.name);
                check(other == null, partition + " is read by " + other + " and " + each.name);
            }
        }
    }

    /** Goes on without faults until nothing is left to do for longer than any timeout. */
    void settle() {
        long quietSinceMs = nowMs;
        int generation = coordinator.generation();
        for (int turn = 0; turn < 200_000; turn++) {
            step();
            boolean isQuiet = coordinator.generation() == generation
                    && (coordinator.state() == ModelCoordinator.State.STABLE
                            || coordinator.state() == ModelCoordinator.State.EMPTY)
                    && consumers.stream().noneMatch(each -> !each.isGone && each.isBusy());
            if (!isQuiet) {
                quietSinceMs = nowMs;
                generation = coordinator.generation();
            }
            if (nowMs - quietSinceMs > 2 * MAX_POLL_MS) return;
        }
        throw new AssertionError("the group does not come to rest: " + coordinator.state() + "\n" + trace);
    }

    void check(boolean isSo, String otherwise) {
        if (!isSo) throw new AssertionError(otherwise + " at " + nowMs + " ms, after:\n" + trace);
    }

    /** Each partition that somebody wants is held by one consumer, and nobody holds what it does not want. */
    void checkAllIsRead() {
        Map<TopicPartition, String> holders = new TreeMap<>();
        Set<TopicPartition> wanted = new TreeSet<>();
        for (Consumer each : consumers) {
            if (each.isGone) continue;
            for (TopicPartition partition : each.held) {
                check(each.topics.contains(partition.topic()), each.name + " holds " + partition);
                String other = holders.put(partition, each.name);
                check(other == null, partition + " is read by " + other + " and " + each.name);
            }
            for (String topic : each.topics)
                for (int i = 0; i < partitionCounts.getOrDefault(topic, 0); i++)
                    wanted.add(new TopicPartition(topic, i));
        }
        check(holders.keySet().equals(wanted), "held are " + holders + ", wanted are " + wanted);
    }

    private void note(String what) {
        trace.append(nowMs).append(": ").append(what).append('\n');
    }

    String trace() {
        return trace.toString();
    }
}
