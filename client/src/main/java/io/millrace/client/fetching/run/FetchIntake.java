package io.millrace.client.fetching.run;

import io.millrace.client.cluster.ClusterNode;
import io.millrace.client.cluster.ClusterTopic;
import io.millrace.client.cluster.PartitionLeader;
import io.millrace.client.cluster.run.ClientLane;
import io.millrace.client.fetching.FetchRules;
import io.millrace.client.fetching.FetchedRange;
import io.millrace.client.fetching.WholeBatches;
import io.millrace.connection.run.ClientConversation;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.RecordsPayload;
import io.millrace.protocol.Uuid;
import io.millrace.protocol.messages.FetchResponse;
import io.millrace.records.TopicPartition;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** What brokers answered to fetches, brought to the partitions: records, errors, hints who leads. On the lane only. */
final class FetchIntake {
    private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

    private final FetcherLane fetcher;
    private final ClientLane lane;
    private final FetchRules rules;
    private final FetchRoom room;
    private final FetchCounters counters;

    FetchIntake(FetcherLane fetcher, ClientLane lane, FetchRules rules, FetchRoom room, FetchCounters counters) {
        this.fetcher = fetcher;
        this.lane = lane;
        this.rules = rules;
        this.room = room;
        this.counters = counters;
    }

    /** Takes in what a broker answered of what was asked; what is not wanted any more falls away. */
    void takeAll(
            BrokerFetches broker,
            Map<TopicPartition, BrokerFetches.Sent> sent,
            ClientConversation conversation,
            FetchResponse response,
            long nowMs) {
        room.answerCame(conversation.takeAnswerBuffer(), recordBytes(response));
        try {
            takeAll(broker, sent, response, nowMs);
        } finally {
            room.answerIsTakenIn();
        }
    }

    private static long recordBytes(FetchResponse response) {
        long bytes = 0;
        for (FetchResponse.FetchableTopicResponse topic : response.responses())
            for (FetchResponse.PartitionData data : topic.partitions())
                bytes += recordsOf(data).remaining();
        return bytes;
    }

    private static ByteBuffer recordsOf(FetchResponse.PartitionData data) {
        return data.records() instanceof RecordsPayload.Buffer(ByteBuffer buffer) ? buffer : NOTHING;
    }

    private void takeAll(
            BrokerFetches broker, Map<TopicPartition, BrokerFetches.Sent> sent, FetchResponse response, long nowMs) {
        Map<Uuid, String> names = new HashMap<>();
        for (TopicPartition each : sent.keySet()) names.put(fetcher.topicId(each.topic()), each.topic());
        for (FetchResponse.FetchableTopicResponse topic : response.responses()) {
            String name = topic.topicId().equals(Uuid.ZERO) ? topic.topic() : names.get(topic.topicId());
            if (name == null) continue; // A topic that was made anew meanwhile, or is not wanted any more.
            for (FetchResponse.PartitionData data : topic.partitions()) {
                if (data.partitionIndex() < 0) continue;
                BrokerFetches.Sent asked = sent.get(new TopicPartition(name, data.partitionIndex()));
                if (asked == null || asked.line().isRemoved) continue;
                if (asked.generation() != asked.line().fetch.generation()) continue;
                // Another broker, which leads by now, has answered meanwhile.
                if (!asked.step().position().equals(asked.line().fetch.position())) continue;
                take(broker, asked, data, response, nowMs);
            }
        }
    }

    private void take(
            BrokerFetches broker,
            BrokerFetches.Sent asked,
            FetchResponse.PartitionData data,
            FetchResponse response,
            long nowMs) {
        FetchLine line = asked.line();
        ErrorCode error = ErrorCode.forCode(data.errorCode());
        if (error != ErrorCode.NONE) {
            takeHint(line, data, response);
            long wallMs = lane.clock().wallMs();
            fetcher.carryOut(line, line.fetch.fetchRefused(error, broker.nodeId, nowMs, wallMs, fetcher.randomBits()));
            return;
        }
        line.sink.reaches(data.logStartOffset(), data.highWatermark(), data.lastStableOffset());
        if (data.preferredReadReplica() >= 0) line.fetch.prefer(data.preferredReadReplica(), nowMs);
        ByteBuffer bytes = recordsOf(data);
        if (!bytes.hasRemaining()) {
            line.fetch.fetchedNothing();
            return;
        }
        WholeBatches whole = WholeBatches.of(bytes);
        if (whole.bytes() == 0) {
            String why = whole.rest().isEmpty()
                    ? "only " + bytes.remaining() + " bytes of a larger batch came"
                    : whole.rest();
            fetcher.carryOut(line, line.fetch.fetchedRubbish(why));
            return;
        }
        long fromOffset = asked.step().position().offset();
        if (whole.next().offset() <= fromOffset) {
            fetcher.carryOut(line, line.fetch.fetchedRubbish("only batches before it came, up to " + whole.next()));
            return;
        }
        ByteBuffer own = room.keep(line, bytes, whole.bytes());
        FetchedRange range = new FetchedRange(asked.generation(), fromOffset, whole.next(), own, aborted(data));
        counters.bytes += whole.bytes();
        counters.ranges++;
        line.fetch.fetched(whole.next());
        line.sink.fetched(range);
    }

    private List<FetchedRange.Aborted> aborted(FetchResponse.PartitionData data) {
        List<FetchResponse.AbortedTransaction> told = data.abortedTransactions();
        if (told == null || told.isEmpty() || !rules.isReadCommitted()) return List.of();
        List<FetchedRange.Aborted> aborted = new ArrayList<>(told.size());
        for (FetchResponse.AbortedTransaction each : told)
            aborted.add(new FetchedRange.Aborted(each.producerId(), each.firstOffset()));
        return aborted;
    }

    private void takeHint(FetchLine line, FetchResponse.PartitionData data, FetchResponse response) {
        FetchResponse.LeaderIdAndEpoch leader = data.currentLeader();
        ClusterTopic topic = fetcher.cluster().view().topic(line.partition.topic());
        if (leader.leaderId() < 0 || topic == null) return;
        ClusterNode node = null;
        for (FetchResponse.NodeEndpoint each : response.nodeEndpoints()) {
            if (each.nodeId() == leader.leaderId() && each.port() >= 0 && each.port() <= 65_535)
                node = new ClusterNode(each.nodeId(), each.host(), each.port(), each.rack());
        }
        PartitionLeader hinted = new PartitionLeader(leader.leaderId(), leader.leaderEpoch());
        fetcher.cluster().hint(line.partition.topic(), topic.id(), line.partition.partition(), hinted, node);
    }
}
