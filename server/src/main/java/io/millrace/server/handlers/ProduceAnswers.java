package io.millrace.server.handlers;

import io.millrace.environment.Lane;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.messages.ProduceRequest;
import io.millrace.protocol.messages.ProduceResponse;
import io.millrace.server.network.Exchange;
import io.millrace.server.partitions.BrokerLane;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Collects the answers of a produce request's partitions, and replies once every one has answered or the request's time is
 * up. Touched on the connection's lane only.
 */
final class ProduceAnswers {
    private static final int FIRST_VERSION_WITH_HINTS = 10;

    private final ProduceRequest request;
    private final Exchange<ProduceResponse> exchange;
    private final BrokerLane home;
    private final ClientView view;
    private final ProduceResponse.@Nullable PartitionProduceResponse[] answers;
    private int missing;
    private int lanesAppending;
    private boolean isReplied;
    private Lane.@Nullable Timer timeout;

    ProduceAnswers(ProduceRequest request, Exchange<ProduceResponse> exchange, BrokerLane home, ClientView view) {
        this.request = request;
        this.exchange = exchange;
        this.home = home;
        this.view = view;
        int count = 0;
        for (var topic : request.topicData()) count += topic.partitionData().size();
        answers = new ProduceResponse.PartitionProduceResponse[count];
        missing = count;
    }

    /** Another lane has been asked to append; it uses the request's bytes until {@link #appendedElsewhere}. */
    void appendsElsewhere() {
        lanesAppending++;
    }

    /** That lane is done with the request's bytes. */
    void appendedElsewhere() {
        lanesAppending--;
        waitAtMostTheRequestsTime();
    }

    /** Everything has been asked: replies at once if there is nothing to wait for. */
    void begun() {
        if (missing == 0) reply();
        else waitAtMostTheRequestsTime();
    }

    /**
     * Partitions that wait for others may take as long as the request says; then they are answered that time is up. The time
     * begins when all has been appended, since the request's bytes are given back with the answer.
     */
    private void waitAtMostTheRequestsTime() {
        if (missing > 0 && lanesAppending == 0 && timeout == null)
            timeout = home.lane().schedule(Math.max(0, request.timeoutMs()), this::timeIsUp);
    }

    private void timeIsUp() {
        int slot = 0;
        for (var topic : request.topicData())
            for (var partition : topic.partitionData()) {
                if (answers[slot] == null)
                    answers[slot] = refusal(
                            partition.index(), ErrorCode.REQUEST_TIMED_OUT, "the append was not acknowledged in time");
                slot++;
            }
        missing = 0;
        reply();
    }

    void answer(int slot, ProduceResponse.PartitionProduceResponse answer) {
        if (answers[slot] != null) return;
        answers[slot] = answer;
        if (--missing == 0) reply();
    }

    static ProduceResponse.PartitionProduceResponse refusal(int partition, ErrorCode error, @Nullable String message) {
        return ProduceResponse.PartitionProduceResponse.builder()
                .index(partition)
                .errorCode(error.code())
                .errorMessage(message)
                .baseOffset(-1)
                .logAppendTimeMs(-1)
                .logStartOffset(-1)
                .build();
    }

    private void reply() {
        if (isReplied) return;
        isReplied = true;
        if (timeout != null) timeout.cancel();
        if (request.acks() == 0) replyToNobody();
        else exchange.reply(response());
    }

    /** With acks 0 nobody hears of a refusal; closing the connection makes the client look for news, as Kafka does. */
    private void replyToNobody() {
        for (var answer : answers) {
            if (answer != null && answer.errorCode() != ErrorCode.NONE.code()) {
                exchange.closeConnection(
                        ErrorCode.forCode(answer.errorCode()),
                        "a produce with acks=0 failed: " + answer.errorMessage());
                return;
            }
        }
        exchange.replyNothing();
    }

    private ProduceResponse response() {
        LeaderHints hints = hasSentAway() ? new LeaderHints(home.image(), view, exchange) : null;
        List<ProduceResponse.TopicProduceResponse> topics =
                new ArrayList<>(request.topicData().size());
        int slot = 0;
        for (var topic : request.topicData()) {
            List<ProduceResponse.PartitionProduceResponse> partitions =
                    new ArrayList<>(topic.partitionData().size());
            for (int i = 0; i < topic.partitionData().size(); i++) {
                var answer = answers[slot++];
                if (answer != null) partitions.add(hints == null ? answer : withLeader(answer, topic, hints));
            }
            topics.add(ProduceResponse.TopicProduceResponse.builder()
                    .name(topic.name())
                    .topicId(topic.topicId())
                    .partitionResponses(partitions)
                    .build());
        }
        if (hints == null) return ProduceResponse.builder().responses(topics).build();
        return ProduceResponse.builder()
                .responses(topics)
                .nodeEndpoints(nodes(hints))
                .build();
    }

    /** Whether a client that can be told is to go to another broker. */
    private boolean hasSentAway() {
        if (exchange.version() < FIRST_VERSION_WITH_HINTS) return false;
        for (var answer : answers) if (answer != null && isSentAway(answer)) return true;
        return false;
    }

    private static boolean isSentAway(ProduceResponse.PartitionProduceResponse answer) {
        return answer.errorCode() == ErrorCode.NOT_LEADER_OR_FOLLOWER.code();
    }

    private ProduceResponse.PartitionProduceResponse withLeader(
            ProduceResponse.PartitionProduceResponse answer, ProduceRequest.TopicProduceData asked, LeaderHints hints) {
        if (!isSentAway(answer)) return answer;
        // The name is told before version 13, the id from then on.
        var topics = home.image().topics();
        var topic = asked.name().isEmpty() ? topics.topic(asked.topicId()) : topics.topic(asked.name());
        if (topic == null) return answer;
        LeaderHints.Leader leader = hints.of(topic, answer.index());
        return answer.toBuilder()
                .currentLeader(ProduceResponse.LeaderIdAndEpoch.builder()
                        .leaderId(leader.id())
                        .leaderEpoch(leader.epoch())
                        .build())
                .build();
    }

    private static List<ProduceResponse.NodeEndpoint> nodes(LeaderHints hints) {
        List<ProduceResponse.NodeEndpoint> nodes = new ArrayList<>();
        for (ClientView.Node node : hints.nodes())
            nodes.add(ProduceResponse.NodeEndpoint.builder()
                    .nodeId(node.id())
                    .host(node.host())
                    .port(node.port())
                    .rack(node.rack())
                    .build());
        return nodes;
    }
}
