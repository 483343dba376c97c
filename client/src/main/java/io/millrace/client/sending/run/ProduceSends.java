package io.millrace.client.sending.run;

import io.millrace.client.cluster.ClusterTopic;
import io.millrace.client.cluster.ClusterView;
import io.millrace.client.cluster.PartitionLeader;
import io.millrace.client.cluster.run.ClientLane;
import io.millrace.client.sending.Batch;
import io.millrace.client.sending.BatchAnswer;
import io.millrace.client.sending.SendRules;
import io.millrace.connection.run.Answer;
import io.millrace.connection.run.ClientConversation;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.messages.ProduceRequest;
import io.millrace.protocol.messages.ProduceResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Batches into Produce requests, and answers back to batches. Each partition with something to send stands in the queue of its
 * leader; a queue is emptied into requests while the broker is ready and has room, at the end of the lane's turn, so that partitions
 * share requests. On the lane only.
 */
final class ProduceSends {
    private final SenderLane sender;
    private final ClientLane lane;
    private final SendRules rules;
    private final int maxRequestBytes;
    private final int requestTimeoutMs;
    private final SendCounters counters;
    private final Map<Integer, BrokerQueue> brokers = new TreeMap<>();

    ProduceSends(
            SenderLane sender,
            ClientLane lane,
            SendRules rules,
            int maxRequestBytes,
            int requestTimeoutMs,
            SendCounters counters) {
        this.sender = sender;
        this.lane = lane;
        this.rules = rules;
        this.maxRequestBytes = maxRequestBytes;
        this.requestTimeoutMs = requestTimeoutMs;
        this.counters = counters;
    }

    /** Puts it into its leader's queue, if the leader is known and ready. */
    void queue(PartitionLine line) {
        if (line.isQueued) return;
        ClusterTopic topic = sender.cluster().view().topic(line.topic);
        PartitionLeader leader = topic == null ? PartitionLeader.UNKNOWN : topic.leader(line.partition);
        if (!leader.isKnown()) {
            sender.cluster().want(line.topic);
            sender.cluster().refresh();
            return; // onView will come back to it.
        }
        if (sender.cluster().ready(leader.brokerId()) == null) {
            long retryAtMs = sender.cluster().connect(leader.brokerId());
            if (retryAtMs != Long.MAX_VALUE) line.alarm.setTo(retryAtMs);
            return; // onReady will come back to it.
        }
        BrokerQueue broker = brokers.computeIfAbsent(leader.brokerId(), BrokerQueue::new);
        line.isQueued = true;
        broker.waiting.add(line);
        drainSoon(broker);
    }

    private void drainSoon(BrokerQueue broker) {
        if (broker.isDrainAsked || broker.requestsInFlight >= rules.maxInFlight()) return;
        broker.isDrainAsked = true;
        lane.lane().execute(() -> {
            broker.isDrainAsked = false;
            drain(broker);
        });
    }

    private void drain(BrokerQueue broker) {
        long nowMs = lane.nowMs();
        if (broker.throttledUntilMs > nowMs || sender.isClosed()) return;
        while (broker.requestsInFlight < rules.maxInFlight() && !broker.waiting.isEmpty()) {
            ClientConversation conversation = sender.cluster().ready(broker.nodeId);
            if (conversation == null) break;
            List<SentBatch> batches = gather(broker, nowMs);
            if (!batches.isEmpty()) send(broker, conversation, batches, nowMs);
        }
        if (sender.cluster().ready(broker.nodeId) == null) disperse(broker);
    }

    /** A broker is not there any more. */
    void lost(int nodeId) {
        BrokerQueue broker = brokers.get(nodeId);
        if (broker != null) disperse(broker);
    }

    /** The broker is not there: its partitions find their own way again. */
    private void disperse(BrokerQueue broker) {
        List<PartitionLine> all = List.copyOf(broker.waiting);
        broker.waiting.clear();
        for (PartitionLine line : all) line.isQueued = false;
        for (PartitionLine line : all) sender.move(line);
    }

    /** One batch of each partition in the queue, as far as a request reaches; empty if none has anything after all. */
    private List<SentBatch> gather(BrokerQueue broker, long nowMs) {
        List<SentBatch> batches = new ArrayList<>(2);
        long bytes = 0;
        for (int left = broker.waiting.size(); left > 0; left--) {
            PartitionLine line = broker.waiting.remove();
            line.isQueued = false;
            if (leaderOf(line) != broker.nodeId) {
                sender.move(line);
                continue;
            }
            TransactionGate itsGate = sender.gate();
            if (itsGate != null && !itsGate.maySend(line.topic, line.partition)) {
                sender.keepTime(line, nowMs);
                continue;
            }
            if (line.sends.wantsMore(nowMs) && sender.isOpenDue(line, nowMs)) sender.sealIfDue(line, false);
            Batch batch = line.sends.ready(broker.nodeId, sender.identity(), nowMs);
            if (batch == null) {
                if (rules.isIdempotent()) sender.needsIdentity();
                sender.keepTime(line, nowMs);
                continue;
            }
            if (!batches.isEmpty() && bytes + batch.sizeBytes() > maxRequestBytes) {
                line.isQueued = true;
                broker.waiting.addFirst(line);
                break;
            }
            line.sends.take(batch, broker.nodeId);
            if (itsGate != null) itsGate.sent();
            bytes += batch.sizeBytes();
            batches.add(new SentBatch(line, batch));
            if (line.sends.hasWaiting() || sender.isOpenDue(line, nowMs)) {
                line.isQueued = true;
                broker.waiting.add(line);
            }
        }
        return batches;
    }

    private int leaderOf(PartitionLine line) {
        ClusterTopic topic = sender.cluster().view().topic(line.topic);
        return topic == null
                ? PartitionLeader.NOBODY
                : topic.leader(line.partition).brokerId();
    }

    private void send(BrokerQueue broker, ClientConversation conversation, List<SentBatch> batches, long nowMs) {
        ClusterView view = sender.cluster().view();
        TransactionGate gate = sender.gate();
        ProduceRequest request = ProduceRequests.of(
                view, batches, rules.acks(), requestTimeoutMs, gate == null ? null : gate.transactionalId());
        short maxVersion =
                ProduceRequests.maxVersion(view, batches, gate == null ? Short.MAX_VALUE : gate.maxProduceVersion());
        count(batches, nowMs);
        broker.requestsInFlight++;
        if (rules.acks() == 0) {
            Runnable whenDone = () -> sentWithoutAnswer(broker, batches);
            if (!conversation.sendWithoutAnswer(request, maxVersion, whenDone)) {
                answeredAll(broker, batches, hopeless("broker " + broker.nodeId + " knows no version of Produce"));
            }
            return;
        }
        conversation.send(request, maxVersion, requestTimeoutMs, answer -> answered(broker, batches, answer, nowMs));
    }

    private void count(List<SentBatch> batches, long nowMs) {
        counters.requests++;
        for (SentBatch each : batches) {
            Batch batch = each.batch();
            if (batch.attempts() > 1) continue;
            counters.batches++;
            counters.records += batch.recordCount();
            counters.bytes += batch.sizeBytes();
            counters.rawBytes += batch.rawBytes();
            long queuedMs = nowMs - batch.openedAtMs();
            counters.queueMsSum += queuedMs;
            counters.queueMsMax = Math.max(counters.queueMsMax, queuedMs);
        }
    }

    private void sentWithoutAnswer(BrokerQueue broker, List<SentBatch> batches) {
        // Called from within the conversation, which may be in the midst of ending.
        lane.lane().execute(() -> {
            broker.requestsInFlight--;
            for (SentBatch each : batches) {
                sender.carryOut(each.line().sends.sentWithoutAnswer(each.batch()));
                sender.move(each.line());
            }
            drainSoon(broker);
        });
    }

    private void answered(BrokerQueue broker, List<SentBatch> batches, Answer answer, long sentAtMs) {
        switch (answer) {
            case Answer.Answered(ProduceResponse response, short version) -> {
                long nowMs = lane.nowMs();
                counters.answers++;
                counters.answerMsSum += nowMs - sentAtMs;
                counters.answerMsMax = Math.max(counters.answerMsMax, nowMs - sentAtMs);
                if (response.throttleTimeMs() > 0) throttle(broker, response.throttleTimeMs(), nowMs);
                ProduceReply reply = new ProduceReply(response, sender.cluster());
                broker.requestsInFlight--;
                for (SentBatch each : batches) take(each, reply.answerTo(each.line()), nowMs);
                drainSoon(broker);
                sender.progressed();
            }
            case Answer.Answered other -> throw new IllegalStateException("a Produce request got another answer");
            case Answer.Failed(Answer.Reason reason, String sentence) -> {
                boolean isHopeless = reason == Answer.Reason.UNSUPPORTED_VERSION;
                answeredAll(broker, batches, isHopeless ? hopeless(sentence) : BatchAnswer.lost(sentence));
            }
        }
    }

    private static BatchAnswer hopeless(String sentence) {
        return new BatchAnswer(ErrorCode.UNSUPPORTED_VERSION, -1, -1, sentence, Map.of(), false);
    }

    private void answeredAll(BrokerQueue broker, List<SentBatch> batches, BatchAnswer answer) {
        broker.requestsInFlight--;
        long nowMs = lane.nowMs();
        for (SentBatch each : batches) take(each, answer, nowMs);
        drainSoon(broker);
        sender.progressed();
    }

    private void take(SentBatch sent, BatchAnswer answer, long nowMs) {
        PartitionLine line = sent.line();
        if (answer.isLeaderNews()) line.sends.leaderChanged();
        sender.carryOut(line.sends.answered(
                sent.batch(), answer, nowMs, lane.randomness().nextLong()));
        sender.move(line);
    }

    /** A broker that asked for silence (KIP-219) is not sent to until it is over. */
    private void throttle(BrokerQueue broker, int throttleMs, long nowMs) {
        counters.throttleMsSum += throttleMs;
        broker.throttledUntilMs = nowMs + throttleMs;
        lane.lane().schedule(throttleMs, () -> drainSoon(broker));
    }
}
