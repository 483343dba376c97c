package io.millrace.client.fetching.run;

import io.millrace.client.cluster.run.ClientLane;
import io.millrace.client.fetching.FetchPlan;
import io.millrace.client.fetching.FetchRules;
import io.millrace.client.fetching.FetchStep;
import io.millrace.client.fetching.WantedPartition;
import io.millrace.connection.run.Answer;
import io.millrace.connection.run.ClientConversation;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.messages.FetchResponse;
import io.millrace.records.TopicPartition;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;

/**
 * Which fetch goes to which broker when, and what becomes of each: one to a broker in its session, which what has come to be wanted
 * meanwhile overtakes if the broker holds it. What an answer says of partitions is {@link FetchIntake}'s. On the lane only.
 */
final class FetchSends {
    /** How long a fetch waits for records while another partition of the broker may want more at any moment. */
    private static final int IMPATIENT_WAIT_MS = 10;
    /** How long a fetch that overtakes another waits for records at most. */
    private static final int MOST_OVERTAKING_WAIT_MS = 500;

    private final FetcherLane fetcher;
    private final ClientLane lane;
    private final FetchRules rules;
    private final int requestTimeoutMs;
    private final FetchRoom room;
    private final FetchCounters counters;
    private final FetchIntake intake;
    private final Map<Integer, BrokerFetches> brokers = new TreeMap<>();

    FetchSends(
            FetcherLane fetcher,
            ClientLane lane,
            FetchRules rules,
            int requestTimeoutMs,
            FetchRoom room,
            FetchCounters counters) {
        this.fetcher = fetcher;
        this.lane = lane;
        this.rules = rules;
        this.requestTimeoutMs = requestTimeoutMs;
        this.room = room;
        this.counters = counters;
        this.intake = new FetchIntake(fetcher, lane, rules, room, counters);
    }

    /** Whether what else is asked of a broker on the same connection may have to wait for long. */
    boolean isHeldBy(int nodeId) {
        BrokerFetches broker = brokers.get(nodeId);
        return broker != null && broker.isHolding();
    }

    /** A look begins: nothing is wanted yet. */
    void begin() {
        for (BrokerFetches broker : brokers.values()) {
            broker.wanted = new LinkedHashMap<>();
            broker.hasFull = false;
        }
    }

    /** A partition can be had from a broker. */
    void want(FetchLine line, FetchStep.Fetch step, long nowMs) {
        BrokerFetches broker = brokers.computeIfAbsent(step.brokerId(), BrokerFetches::new);
        if (line.isPaused) return;
        if (room.isFull(line)) {
            broker.hasFull = true;
            return;
        }
        if (fetcher.cluster().view().node(step.brokerId()) == null) { // A nearer replica that has gone.
            fetcher.carryOut(line, line.fetch.lost(line.fetch.generation(), nowMs, fetcher.randomBits()));
            return;
        }
        broker.wanted.put(line.partition, new BrokerFetches.Sent(line, line.fetch.generation(), step));
    }

    /**
     * Asks each broker that can be asked, and gives it its part of the room: one that took all of it, for as long as a fetch waits,
     * would have it again before the others, for ever. Returns when to look again.
     */
    long sendAll(long nowMs) {
        int fetching = 0;
        int waiting = 0;
        for (BrokerFetches broker : brokers.values()) {
            if (broker.isAsking || !broker.wanted.isEmpty()) fetching++;
            if (canFetch(broker, nowMs)) waiting++;
        }
        long dueMs = Long.MAX_VALUE;
        for (BrokerFetches broker : brokers.values()) {
            if (!canFetch(broker, nowMs)) {
                dueMs = Math.min(dueMs, whenReady(broker, nowMs));
                continue;
            }
            long leftBytes = room.leftBytes();
            if (leftBytes <= 0) continue; // released or fetched will come back to it.
            fetch(broker, nowMs, Math.max(1, Math.min(leftBytes / waiting, room.usableBytes() / fetching)));
            waiting--;
        }
        return dueMs;
    }

    private boolean canFetch(BrokerFetches broker, long nowMs) {
        // What overtakes a fetch is answered soon; it would be asked for twice.
        return !broker.isAsking
                && broker.overtaking.isEmpty()
                && !broker.wanted.isEmpty()
                && broker.notBeforeMs <= nowMs
                && fetcher.cluster().ready(broker.nodeId) != null;
    }

    /** When to look again for one that cannot be asked now. */
    private long whenReady(BrokerFetches broker, long nowMs) {
        if (broker.wanted.isEmpty() || !broker.overtaking.isEmpty()) return Long.MAX_VALUE;
        if (broker.notBeforeMs > nowMs) return broker.notBeforeMs;
        return broker.isAsking ? overtake(broker, nowMs) : fetcher.cluster().connect(broker.nodeId);
    }

    private void fetch(BrokerFetches broker, long nowMs, long roomBytes) {
        ClientConversation conversation = fetcher.cluster().ready(broker.nodeId);
        if (conversation == null) return; // onReady will come back to it.
        int maxBytes = (int) Math.min(rules.answerBytes(), roomBytes);
        Map<TopicPartition, BrokerFetches.Sent> sent = broker.wanted;
        FetchPlan plan = broker.session.next(wantedPartitions(sent, maxBytes));
        int maxWaitMs = broker.hasFull ? Math.min(IMPATIENT_WAIT_MS, rules.maxWaitMs()) : rules.maxWaitMs();
        broker.isAsking = true;
        broker.askedAtMs = nowMs;
        broker.mayBeHeld = maxWaitMs > IMPATIENT_WAIT_MS;
        broker.underWay = sent;
        send(conversation, plan, maxWaitMs, maxBytes, answer -> {
            broker.isAsking = false;
            broker.underWay = Map.of();
            if (!fetcher.isClosed()) answered(broker, sent, conversation, answer, nowMs, true);
        });
    }

    /** Has what has come to be wanted since overtake a fetch that the broker holds. */
    private long overtake(BrokerFetches broker, long nowMs) {
        if (!broker.mayBeHeld) return Long.MAX_VALUE;
        Map<TopicPartition, BrokerFetches.Sent> late = broker.late();
        if (late.isEmpty()) return Long.MAX_VALUE;
        long heldFromMs = broker.askedAtMs + IMPATIENT_WAIT_MS;
        if (heldFromMs > nowMs) return heldFromMs; // It may be answered as quickly as another one.
        ClientConversation aside = fetcher.cluster().aside(broker.nodeId);
        long roomBytes = room.leftToOvertakeBytes();
        if (aside == null || roomBytes <= 0) return Long.MAX_VALUE;
        int maxBytes = (int) Math.min(rules.answerBytes(), roomBytes);
        broker.overtaking = late;
        FetchPlan plan = FetchPlan.outsideOfSessions(wantedPartitions(late, maxBytes));
        send(aside, plan, overtakingWaitMs(nowMs - broker.askedAtMs), maxBytes, answer -> {
            broker.overtaking = Map.of();
            if (!fetcher.isClosed()) answered(broker, late, aside, answer, nowMs, false);
        });
        return Long.MAX_VALUE;
    }

    /** What is sought next waits for a tenth of the time that the fetch has been held; else there would be too many of these. */
    private int overtakingWaitMs(long heldMs) {
        long tenthMs = Math.max(IMPATIENT_WAIT_MS, heldMs / 10);
        return (int) Math.min(rules.maxWaitMs(), Math.min(MOST_OVERTAKING_WAIT_MS, tenthMs));
    }

    private Map<TopicPartition, WantedPartition> wantedPartitions(
            Map<TopicPartition, BrokerFetches.Sent> asked, int maxBytes) {
        Map<TopicPartition, WantedPartition> wanted = new LinkedHashMap<>();
        asked.forEach((partition, sent) -> wanted.put(
                partition,
                new WantedPartition(
                        fetcher.topicId(partition.topic()),
                        sent.step().position().offset(),
                        sent.step().leaderEpoch(),
                        Math.min(rules.answerPartitionBytes(), maxBytes))));
        return wanted;
    }

    private void send(
            ClientConversation conversation, FetchPlan plan, int maxWaitMs, int maxBytes, Consumer<Answer> then) {
        room.expect(maxBytes);
        counters.requests++;
        conversation.send(
                FetchRequests.of(plan, rules, maxWaitMs, maxBytes),
                FetchRequests.maxVersion(plan),
                (long) requestTimeoutMs + rules.maxWaitMs(),
                answer -> {
                    room.expectNoMore(maxBytes);
                    then.accept(answer);
                });
    }

    private void answered(
            BrokerFetches broker,
            Map<TopicPartition, BrokerFetches.Sent> sent,
            ClientConversation conversation,
            Answer answer,
            long sentAtMs,
            boolean isOfSession) {
        long nowMs = lane.nowMs();
        switch (answer) {
            case Answer.Answered(FetchResponse response, short version) -> {
                counters.answers++;
                counters.answerMsSum += nowMs - sentAtMs;
                counters.answerMsMax = Math.max(counters.answerMsMax, nowMs - sentAtMs);
                if (response.throttleTimeMs() > 0) {
                    counters.throttleMsSum += response.throttleTimeMs();
                    broker.notBeforeMs = nowMs + response.throttleTimeMs(); // KIP-219
                }
                ErrorCode error = ErrorCode.forCode(response.errorCode());
                if (error == ErrorCode.NONE) {
                    broker.failures = 0;
                    if (isOfSession) broker.session.answered(response.sessionId());
                    intake.takeAll(broker, sent, conversation, response, nowMs);
                } else {
                    if (isOfSession) broker.session.refused(error);
                    boolean isOfTheSession = error == ErrorCode.FETCH_SESSION_ID_NOT_FOUND
                            || error == ErrorCode.INVALID_FETCH_SESSION_EPOCH;
                    if (!isOfTheSession || broker.failures > 0) failed(broker, "Fetch: " + error, nowMs);
                    broker.failures++;
                }
            }
            case Answer.Answered other -> throw new IllegalStateException("a Fetch request got another answer");
            case Answer.Failed(Answer.Reason reason, String sentence) -> {
                counters.failedRequests++;
                if (isOfSession) broker.session.lost();
                broker.failures++;
                for (BrokerFetches.Sent each : sent.values()) {
                    if (!each.line().isRemoved)
                        fetcher.carryOut(
                                each.line(), each.line().fetch.lost(each.generation(), nowMs, fetcher.randomBits()));
                }
                if (reason != Answer.Reason.CONNECTION_LOST) failed(broker, sentence, nowMs);
            }
        }
        fetcher.lookSoon();
    }

    private void failed(BrokerFetches broker, String sentence, long nowMs) {
        long waitMs = rules.backoff().waitMs(Math.max(1, broker.failures), fetcher.randomBits());
        broker.notBeforeMs = nowMs + waitMs;
        fetcher.cluster().refresh();
        fetcher.onTrouble(sentence);
    }
}
