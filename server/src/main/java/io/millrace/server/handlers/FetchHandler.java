package io.millrace.server.handlers;

import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.Uuid;
import io.millrace.protocol.messages.FetchRequest;
import io.millrace.protocol.messages.FetchResponse;
import io.millrace.records.TopicPartition;
import io.millrace.replication.FollowerFetch;
import io.millrace.replication.run.FollowerRest;
import io.millrace.server.fetch.FetchSession;
import io.millrace.server.fetch.FetchSessions;
import io.millrace.server.fetch.FollowedPartition;
import io.millrace.server.fetch.PendingFetch;
import io.millrace.server.network.Exchange;
import io.millrace.server.network.Handler;
import io.millrace.server.partitions.AskedPartition;
import io.millrace.server.partitions.BrokerLane;
import io.millrace.server.partitions.PartitionRead;
import io.millrace.server.partitions.Reader;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Fetch (key 1), versions 4-18. Sessions from v7 (KIP-227), leader epochs from v9 (KIP-320), topic ids from v13 (KIP-516), leader hints from v16 (KIP-951). Consumers read also here
 * where this broker follows, from v11 (KIP-392). Followers fetch too (replica ids from 0 up), up to the log end, and by it acknowledge what they have; as long as
 * there is no authorization, anybody who reaches the listener may say that it is one.
 */
public final class FetchHandler implements Handler<FetchRequest, FetchResponse> {
    private static final int FIRST_VERSION_WITH_RACKS = 11;
    private static final int FIRST_VERSION_WITH_IDS = 13;
    private static final int FIRST_VERSION_WITH_HINTS = 16;

    private final BrokerLane home;
    private final ClientView view;
    private final FetchSessions sessions;
    private final int maxBytesOfAnAnswer;
    private final boolean sendsToNearest;

    /** As the other, of a broker whose consumers read at leaders. */
    public FetchHandler(BrokerLane home, ClientView view, FetchSessions sessions, int maxBytesOfAnAnswer) {
        this(home, view, sessions, maxBytesOfAnAnswer, false);
    }

    /**
     * Makes the handler of one lane.
     *
     * @param maxBytesOfAnAnswer {@code fetch.max.bytes} of the broker
     * @param sendsToNearest whether consumers that say where they are are sent to the replica there (KIP-392)
     */
    public FetchHandler(
            BrokerLane home, ClientView view, FetchSessions sessions, int maxBytesOfAnAnswer, boolean sendsToNearest) {
        this.home = home;
        this.view = view;
        this.sessions = sessions;
        this.maxBytesOfAnAnswer = maxBytesOfAnAnswer;
        this.sendsToNearest = sendsToNearest;
    }

    @Override
    public void handle(FetchRequest request, Exchange<FetchResponse> exchange) {
        int replicaId = FetchSessions.replicaIdOf(request);
        boolean byTopicId = exchange.version() >= FIRST_VERSION_WITH_IDS;
        // Before, followers did not say what the leader has to compare their logs by. All that may be in a cluster with
        // this version do.
        if (replicaId >= 0 && !byTopicId) {
            exchange.reply(refusal(ErrorCode.UNSUPPORTED_VERSION));
            return;
        }
        FetchSessions.Plan plan = sessions.plan(request, byTopicId, home.clock().monotonicMs());
        if (plan.error() != ErrorCode.NONE) {
            exchange.usesFetchSession(0);
            exchange.reply(refusal(plan.error()));
            return;
        }
        exchange.usesFetchSession(plan.sessionId());
        List<PartitionRead> reads = new ArrayList<>(plan.partitions().size());
        for (FollowedPartition followed : plan.partitions())
            reads.add(resolve(reads.size(), followed, byTopicId, wanted(request, replicaId, followed), plan.session()));
        long replicaEpoch = request.replicaState().replicaEpoch();
        int maxBytes = Math.min(request.maxBytes(), maxBytesOfAnAnswer);
        // More than an answer may hold is never there, so it is not waited for.
        PendingFetch.Limits limits =
                new PendingFetch.Limits(Math.min(request.minBytes(), maxBytes), maxBytes, request.maxWaitMs());
        PendingFetch pending = new PendingFetch(
                home,
                limits,
                reads,
                readerOf(request, replicaId, exchange),
                plan,
                followed -> resolve(
                        placeOf(followed, plan.partitions()),
                        followed,
                        byTopicId,
                        byFollower(replicaId, replicaEpoch, followed),
                        plan.session()),
                () -> {
                    if (replicaId >= 0) home.leaderThrottle().spent(throttledBytes(reads));
                    exchange.reply(answer(plan, reads, exchange), () -> reads.forEach(PartitionRead::release));
                });
        exchange.whenAbandoned(pending::abandon);
        // A fetch for which everything rests says nothing of where its partitions are.
        if (!reads.isEmpty()) exchange.partitionsOf(pending.onlyOwner());
        pending.start();
    }

    /** The place of a partition in a fetch; it gets the next one if it has none. */
    private static int placeOf(FollowedPartition followed, List<FollowedPartition> all) {
        int known = all.indexOf(followed);
        if (known >= 0) return known;
        all.add(followed);
        return all.size() - 1;
    }

    private static long throttledBytes(List<PartitionRead> reads) {
        long bytes = 0;
        for (PartitionRead read : reads) if (read.isThrottled()) bytes += read.sizeBytes();
        return bytes;
    }

    private Reader readerOf(FetchRequest request, int replicaId, Exchange<FetchResponse> exchange) {
        if (replicaId >= 0 || exchange.version() < FIRST_VERSION_WITH_RACKS) return Reader.AT_LEADERS;
        return sendsToNearest && !request.rackId().isEmpty()
                ? new Reader(true, new Reader.Place(request.rackId(), exchange.listenerName()))
                : Reader.AT_ANY_REPLICA;
    }

    private static PartitionRead.Wanted wanted(FetchRequest request, int replicaId, FollowedPartition followed) {
        if (replicaId >= 0) return byFollower(replicaId, request.replicaState().replicaEpoch(), followed);
        return new PartitionRead.Wanted(
                followed.fetchOffset(),
                followed.maxBytes(),
                followed.currentLeaderEpoch(),
                followed.lastFetchedEpoch(),
                request.isolationLevel() == 1);
    }

    private static PartitionRead.Wanted byFollower(int replicaId, long replicaEpoch, FollowedPartition followed) {
        FollowerFetch fetch = new FollowerFetch(
                replicaId,
                replicaEpoch,
                followed.currentLeaderEpoch(),
                followed.fetchOffset(),
                followed.lastFetchedEpoch(),
                followed.followersLogStartOffset());
        return PartitionRead.Wanted.by(fetch, followed.maxBytes());
    }

    private static FetchResponse refusal(ErrorCode error) {
        return FetchResponse.builder().errorCode(error.code()).build();
    }

    private PartitionRead resolve(
            int position,
            FollowedPartition followed,
            boolean byTopicId,
            PartitionRead.Wanted wanted,
            @Nullable FetchSession session) {
        FollowedPartition.Key key = followed.key();
        var topic = byTopicId
                ? home.image().topics().topic(key.topicId())
                : home.image().topics().topic(key.topic());
        ErrorCode error = ErrorCode.NONE;
        if (topic == null) error = byTopicId ? ErrorCode.UNKNOWN_TOPIC_ID : ErrorCode.UNKNOWN_TOPIC_OR_PARTITION;
        else if (key.partition() < 0 || key.partition() >= topic.partitionCount())
            error = ErrorCode.UNKNOWN_TOPIC_OR_PARTITION;
        String name = topic == null ? key.topic() : topic.name();
        TopicPartition partition = AskedPartition.of(name, key.partition());
        FollowerRest rest =
                session == null || error != ErrorCode.NONE ? null : session.restOf(followed, partition, home);
        return new PartitionRead(position, partition, wanted, error, rest);
    }

    private record TopicKey(String name, Uuid id) {}

    private FetchResponse answer(FetchSessions.Plan plan, List<PartitionRead> reads, Exchange<FetchResponse> exchange) {
        LeaderHints hints = hasSentAway(reads, exchange) ? new LeaderHints(home.image(), view, exchange) : null;
        Map<TopicKey, List<FetchResponse.PartitionData>> byTopic = new LinkedHashMap<>();
        List<FollowedPartition> gotRecords = new ArrayList<>();
        for (PartitionRead read : reads) {
            FollowedPartition followed = plan.partitions().get(read.position());
            boolean news =
                    followed.isNews(read.sizeBytes() > 0, read.isUrgent(), read.highWatermark(), read.logStartOffset());
            if (plan.isIncremental() && !news) continue;
            if (read.sizeBytes() > 0) gotRecords.add(followed);
            byTopic.computeIfAbsent(
                            new TopicKey(followed.key().topic(), followed.key().topicId()), key -> new ArrayList<>())
                    .add(data(read, followed.key(), hints));
        }
        if (plan.session() != null) plan.session().served(gotRecords);
        List<FetchResponse.FetchableTopicResponse> topics = new ArrayList<>(byTopic.size());
        byTopic.forEach((key, partitions) -> topics.add(FetchResponse.FetchableTopicResponse.builder()
                .topic(key.name())
                .topicId(key.id())
                .partitions(partitions)
                .build()));
        var response = FetchResponse.builder().sessionId(plan.sessionId()).responses(topics);
        return hints == null
                ? response.build()
                : response.nodeEndpoints(nodes(hints)).build();
    }

    /** Whether a client that can be told is to go to another broker, or to believe in another leadership. */
    private static boolean hasSentAway(List<PartitionRead> reads, Exchange<FetchResponse> exchange) {
        if (exchange.version() < FIRST_VERSION_WITH_HINTS) return false;
        for (PartitionRead read : reads) if (isSentAway(read)) return true;
        return false;
    }

    private static boolean isSentAway(PartitionRead read) {
        return read.error() == ErrorCode.NOT_LEADER_OR_FOLLOWER || read.error() == ErrorCode.FENCED_LEADER_EPOCH;
    }

    private FetchResponse.PartitionData data(
            PartitionRead read, FollowedPartition.Key key, @Nullable LeaderHints hints) {
        FetchResponse.PartitionData data = read.toPartitionData(key.partition());
        if (hints == null || !isSentAway(read)) return data;
        var topic = home.image().topics().topic(read.topicPartition().topic());
        if (topic == null) return data;
        LeaderHints.Leader leader = hints.of(topic, key.partition());
        return data.toBuilder()
                .currentLeader(FetchResponse.LeaderIdAndEpoch.builder()
                        .leaderId(leader.id())
                        .leaderEpoch(leader.epoch())
                        .build())
                .build();
    }

    private static List<FetchResponse.NodeEndpoint> nodes(LeaderHints hints) {
        List<FetchResponse.NodeEndpoint> nodes = new ArrayList<>();
        for (ClientView.Node node : hints.nodes())
            nodes.add(FetchResponse.NodeEndpoint.builder()
                    .nodeId(node.id())
                    .host(node.host())
                    .port(node.port())
                    .rack(node.rack())
                    .build());
        return nodes;
    }
}
