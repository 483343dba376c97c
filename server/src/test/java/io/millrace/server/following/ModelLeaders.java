package io.millrace.server.following;

import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.RecordsPayload;
import io.millrace.protocol.Request;
import io.millrace.protocol.Response;
import io.millrace.protocol.messages.FetchRequest;
import io.millrace.protocol.messages.FetchResponse;
import io.millrace.protocol.messages.ListOffsetsRequest;
import io.millrace.protocol.messages.ListOffsetsResponse;
import io.millrace.replication.PartitionId;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Brokers that lead partitions whose logs they all have, and keep fetch sessions as Kafka's do: additions first, then what is forgotten. */
final class ModelLeaders {
    static final class Led {
        final FollowedReplica truth;
        int leader;
        int epoch;
        long highWatermark;

        Led(FollowedReplica truth, int leader, int epoch) {
            this.truth = truth;
            this.leader = leader;
            this.epoch = epoch;
        }
    }

    private static final class Session {
        final int id;
        final Map<PartitionId, FetchRequest.FetchPartition> wanted = new LinkedHashMap<>();
        final Map<PartitionId, Long> told = new HashMap<>();
        int epoch = 1;

        Session(int id) {
            this.id = id;
        }
    }

    final Map<PartitionId, Led> partitions = new LinkedHashMap<>();
    private final Map<Integer, Map<Integer, Session>> sessions = new HashMap<>();
    private int nextSession = 1;
    boolean givesSessions = true;
    int fetchCount;
    int partitionsNamed;

    void loseSessions() {
        sessions.clear();
    }

    Response answer(int broker, Request request) {
        return switch (request) {
            case FetchRequest fetch -> fetch(broker, fetch);
            case ListOffsetsRequest list -> list(broker, list);
            default -> throw new AssertionError(request);
        };
    }

    private static FetchResponse refused(ErrorCode error) {
        return FetchResponse.builder().errorCode(error.code()).build();
    }

    private FetchResponse fetch(int broker, FetchRequest request) {
        fetchCount++;
        Map<Integer, Session> own = sessions.computeIfAbsent(broker, id -> new HashMap<>());
        boolean isFull = request.sessionEpoch() == 0;
        Session session;
        if (isFull) {
            own.remove(request.sessionId());
            session = new Session(nextSession++);
            if (givesSessions) own.put(session.id, session);
        } else {
            Session known = own.get(request.sessionId());
            if (known == null) return refused(ErrorCode.FETCH_SESSION_ID_NOT_FOUND);
            if (known.epoch != request.sessionEpoch()) return refused(ErrorCode.INVALID_FETCH_SESSION_EPOCH);
            known.epoch++;
            session = known;
        }
        for (var topic : request.topics())
            for (var partition : topic.partitions()) {
                partitionsNamed++;
                session.wanted.put(new PartitionId(topic.topicId(), partition.partition()), partition);
            }
        for (var topic : request.forgottenTopicsData())
            for (int partition : topic.partitions()) {
                session.wanted.remove(new PartitionId(topic.topicId(), partition));
                session.told.remove(new PartitionId(topic.topicId(), partition));
            }
        List<FetchResponse.FetchableTopicResponse> topics = new ArrayList<>();
        session.wanted.forEach((id, wanted) -> {
            FetchResponse.PartitionData data = read(broker, id, wanted);
            Long told = session.told.put(id, data.errorCode() == 0 ? data.highWatermark() : -7);
            RecordsPayload records = data.records();
            boolean isNews = told == null
                    || told != data.highWatermark()
                    || data.errorCode() != 0
                    || (records != null && records.sizeBytes() > 0);
            if (isFull || isNews)
                topics.add(FetchResponse.FetchableTopicResponse.builder()
                        .topicId(id.topicId())
                        .partitions(List.of(data))
                        .build());
        });
        return FetchResponse.builder()
                .sessionId(givesSessions || !isFull ? session.id : 0)
                .responses(topics)
                .build();
    }

    private ErrorCode refusal(int broker, @Nullable Led led, int epoch) {
        if (led == null) return ErrorCode.UNKNOWN_TOPIC_ID;
        if (led.leader != broker) return ErrorCode.NOT_LEADER_OR_FOLLOWER;
        if (epoch < led.epoch) return ErrorCode.FENCED_LEADER_EPOCH;
        return epoch > led.epoch ? ErrorCode.UNKNOWN_LEADER_EPOCH : ErrorCode.NONE;
    }

    private FetchResponse.PartitionData read(int broker, PartitionId id, FetchRequest.FetchPartition wanted) {
        Led led = partitions.get(id);
        ErrorCode error = refusal(broker, led, wanted.currentLeaderEpoch());
        var data = FetchResponse.PartitionData.builder().partitionIndex(id.partition());
        if (led == null || error != ErrorCode.NONE)
            return data.errorCode(error.code()).highWatermark(-1).build();
        long end = led.truth.log.logEndOffset();
        if (wanted.fetchOffset() > end || wanted.fetchOffset() < led.truth.log.logStartOffset())
            return data.errorCode(ErrorCode.OFFSET_OUT_OF_RANGE.code())
                    .highWatermark(-1)
                    .build();
        ByteBuffer records = led.truth.read(wanted.fetchOffset(), wanted.partitionMaxBytes());
        return data.highWatermark(led.highWatermark)
                .lastStableOffset(led.highWatermark)
                .logStartOffset(led.truth.log.logStartOffset())
                .records(new RecordsPayload.Buffer(records))
                .build();
    }

    private ListOffsetsResponse list(int broker, ListOffsetsRequest request) {
        List<ListOffsetsResponse.ListOffsetsTopicResponse> topics = new ArrayList<>();
        for (var topic : request.topics())
            for (var partition : topic.partitions()) {
                Led led = partitions.entrySet().stream()
                        .filter(each -> each.getKey().partition() == partition.partitionIndex())
                        .map(Map.Entry::getValue)
                        .filter(each -> each.truth.name.topic().equals(topic.name()))
                        .findFirst()
                        .orElse(null);
                ErrorCode error = refusal(broker, led, partition.currentLeaderEpoch());
                var answer = ListOffsetsResponse.ListOffsetsPartitionResponse.builder()
                        .partitionIndex(partition.partitionIndex())
                        .errorCode(error.code());
                if (led != null && error == ErrorCode.NONE)
                    answer.offset(
                            partition.timestamp() == -2
                                    ? led.truth.log.logStartOffset()
                                    : led.truth.log.logEndOffset());
                topics.add(ListOffsetsResponse.ListOffsetsTopicResponse.builder()
                        .name(topic.name())
                        .partitions(List.of(answer.build()))
                        .build());
            }
        return ListOffsetsResponse.builder().topics(topics).build();
    }
}
