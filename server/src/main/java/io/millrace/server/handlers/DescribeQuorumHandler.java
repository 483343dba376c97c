package io.millrace.server.handlers;

import io.millrace.controller.Controller;
import io.millrace.controller.ControllerContext;
import io.millrace.controller.Decision;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.messages.DescribeQuorumRequest;
import io.millrace.protocol.messages.DescribeQuorumResponse;
import io.millrace.raft.Voter;
import io.millrace.raft.run.QuorumDescription;
import io.millrace.server.controller.ControllerAccess;
import io.millrace.server.network.Exchange;
import io.millrace.server.network.Handler;
import io.millrace.server.partitions.BrokerLane;
import io.millrace.server.quorum.QuorumDoor;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * DescribeQuorum (key 55), versions 0-2: who votes, who observes, and how far they are, answered by the quorum's leader. When they were
 * last caught up from v1 (KIP-836), directories and addresses from v2 (KIP-853).
 */
public final class DescribeQuorumHandler implements Handler<DescribeQuorumRequest, DescribeQuorumResponse> {
    private static final String TOPIC = "__cluster_metadata";

    private final QuorumDoor quorum;
    private final Consumer<Forwarding> otherwise;

    /** What is asked of a node that does not lead. */
    private record Forwarding(DescribeQuorumRequest request, Exchange<DescribeQuorumResponse> exchange) {}

    /** Makes the handler of a controller's listener; it keeps nothing, so that all lanes may share one. */
    public DescribeQuorumHandler(QuorumDoor quorum) {
        this.quorum = quorum;
        this.otherwise = asked -> asked.exchange().replyNoController(notLeading());
    }

    /** Makes the handler of one lane of a broker: where the quorum's leader is another node, that is asked. */
    public DescribeQuorumHandler(QuorumDoor quorum, BrokerLane home, ControllerAccess controller) {
        this.quorum = quorum;
        this.otherwise = asked -> controller.answer(home, new Asked(asked.request()), asked.exchange());
    }

    private record Asked(DescribeQuorumRequest request) implements ControllerAccess.Question<DescribeQuorumResponse> {
        /** It has come to lead just now: the client asks again. */
        @Override
        public Decision<DescribeQuorumResponse> decide(Controller controller, ControllerContext context) {
            return Decision.answer(notLeading());
        }

        @Override
        public DescribeQuorumResponse refused(ErrorCode error) {
            return DescribeQuorumResponse.builder()
                    .errorCode(error.code())
                    .errorMessage(error.message())
                    .build();
        }
    }

    @Override
    public void handle(DescribeQuorumRequest request, Exchange<DescribeQuorumResponse> exchange) {
        if (!isAboutTheQuorum(request)) {
            exchange.reply(unknown(request));
            return;
        }
        quorum.describe(found -> found.ifPresentOrElse(
                description -> exchange.reply(described(description)),
                () -> otherwise.accept(new Forwarding(request, exchange))));
    }

    private static boolean isAboutTheQuorum(DescribeQuorumRequest request) {
        return request.topics().size() == 1
                && request.topics().getFirst().topicName().equals(TOPIC)
                && request.topics().getFirst().partitions().size() == 1
                && request.topics().getFirst().partitions().getFirst().partitionIndex() == 0;
    }

    private static DescribeQuorumResponse unknown(DescribeQuorumRequest request) {
        ErrorCode error = ErrorCode.UNKNOWN_TOPIC_OR_PARTITION;
        List<DescribeQuorumResponse.TopicData> topics = new ArrayList<>();
        for (DescribeQuorumRequest.TopicData topic : request.topics())
            topics.add(DescribeQuorumResponse.TopicData.builder()
                    .topicName(topic.topicName())
                    .partitions(topic.partitions().stream()
                            .map(partition -> DescribeQuorumResponse.PartitionData.builder()
                                    .partitionIndex(partition.partitionIndex())
                                    .errorCode(error.code())
                                    .errorMessage(error.message())
                                    .build())
                            .toList())
                    .build());
        return DescribeQuorumResponse.builder().topics(topics).build();
    }

    private static DescribeQuorumResponse notLeading() {
        ErrorCode error = ErrorCode.NOT_LEADER_OR_FOLLOWER;
        return DescribeQuorumResponse.builder()
                .errorCode(error.code())
                .errorMessage(error.message())
                .build();
    }

    private static DescribeQuorumResponse described(QuorumDescription quorum) {
        List<DescribeQuorumResponse.ReplicaState> voters = new ArrayList<>();
        List<DescribeQuorumResponse.Node> nodes = new ArrayList<>();
        for (QuorumDescription.VoterProgress voter : quorum.voters()) {
            voters.add(DescribeQuorumResponse.ReplicaState.builder()
                    .replicaId(voter.voter().key().id())
                    .replicaDirectoryId(voter.voter().key().directoryId())
                    .logEndOffset(voter.logEndOffset())
                    .lastFetchTimestamp(voter.lastFetchTimeMs())
                    .lastCaughtUpTimestamp(voter.lastCaughtUpTimeMs())
                    .build());
            nodes.add(node(voter.voter()));
        }
        List<DescribeQuorumResponse.ReplicaState> observers = new ArrayList<>();
        for (QuorumDescription.ObserverProgress observer : quorum.observers())
            observers.add(DescribeQuorumResponse.ReplicaState.builder()
                    .replicaId(observer.key().id())
                    .replicaDirectoryId(observer.key().directoryId())
                    .logEndOffset(observer.logEndOffset())
                    .lastFetchTimestamp(observer.lastFetchTimeMs())
                    .lastCaughtUpTimestamp(observer.lastCaughtUpTimeMs())
                    .build());
        var partition = DescribeQuorumResponse.PartitionData.builder()
                .partitionIndex(0)
                .leaderId(quorum.leaderId())
                .leaderEpoch(quorum.leaderEpoch())
                .highWatermark(quorum.highWatermark())
                .currentVoters(voters)
                .observers(observers);
        var topic = DescribeQuorumResponse.TopicData.builder().topicName(TOPIC).partitions(List.of(partition.build()));
        return DescribeQuorumResponse.builder()
                .topics(List.of(topic.build()))
                .nodes(nodes)
                .build();
    }

    private static DescribeQuorumResponse.Node node(Voter voter) {
        return DescribeQuorumResponse.Node.builder()
                .nodeId(voter.key().id())
                .listeners(voter.endpoints().stream()
                        .map(endpoint -> DescribeQuorumResponse.Listener.builder()
                                .name(endpoint.listener())
                                .host(endpoint.host())
                                .port(endpoint.port())
                                .build())
                        .toList())
                .build();
    }
}
