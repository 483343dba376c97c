package io.millrace.controller;

import io.millrace.metadata.BrokerImage;
import io.millrace.metadata.PartitionImage;
import io.millrace.metadata.TopicImage;
import io.millrace.metadata.VersionedRecord;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.messages.AlterPartitionRequest;
import io.millrace.protocol.messages.AlterPartitionRequest.BrokerState;
import io.millrace.protocol.messages.AlterPartitionResponse;
import io.millrace.protocol.messages.PartitionChangeRecord;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * AlterPartition: the leader of a partition proposes who is in sync (KIP-497, 841, 903), or says that it has recovered (KIP-704). A reassignment whose new replicas
 * are in sync ends with it.
 */
final class PartitionAlteration {
    private static final int VERSION_WITH_BROKER_EPOCHS = 3;
    private static final long EPOCH_NOT_SAID = -1;
    private static final byte RECOVERED = 0;
    private static final byte RECOVERING = 1;

    private final Electorate electorate;
    private final int version;

    /** A partition of a topic in this request. */
    private record Place(TopicImage topic, int partitionId) {}

    /** Records replay only after the whole request, so a partition named twice is looked up here. */
    private final Map<Place, PartitionImage> changed = new HashMap<>();

    /**
     * The decision about one request.
     *
     * @param version of the request: from 3 on it says the epochs of the brokers it names
     */
    PartitionAlteration(Electorate electorate, int version) {
        this.electorate = electorate;
        this.version = version;
    }

    Decision<AlterPartitionResponse> handle(AlterPartitionRequest request) {
        BrokerImage asking = electorate.image().cluster().broker(request.brokerId());
        if (asking == null || asking.epoch() != request.brokerEpoch())
            return Decision.answer(AlterPartitionResponse.builder()
                    .errorCode(ErrorCode.STALE_BROKER_EPOCH.code())
                    .build());
        List<VersionedRecord> records = new ArrayList<>();
        List<AlterPartitionResponse.TopicData> topics = new ArrayList<>();
        for (AlterPartitionRequest.TopicData each : request.topics()) {
            TopicImage topic = electorate.image().topics().topic(each.topicId());
            List<AlterPartitionResponse.PartitionData> partitions = new ArrayList<>();
            for (AlterPartitionRequest.PartitionData data : each.partitions())
                partitions.add(
                        topic == null
                                ? refused(data.partitionIndex(), ErrorCode.UNKNOWN_TOPIC_ID)
                                : alter(request.brokerId(), topic, data, records));
            topics.add(AlterPartitionResponse.TopicData.builder()
                    .topicId(each.topicId())
                    .partitions(partitions)
                    .build());
        }
        return Decision.inParts(
                records, AlterPartitionResponse.builder().topics(topics).build());
    }

    private static AlterPartitionResponse.PartitionData refused(int partitionId, ErrorCode error) {
        return AlterPartitionResponse.PartitionData.builder()
                .partitionIndex(partitionId)
                .errorCode(error.code())
                .build();
    }

    private AlterPartitionResponse.PartitionData alter(
            int brokerId, TopicImage topic, AlterPartitionRequest.PartitionData data, List<VersionedRecord> records) {
        Place place = new Place(topic, data.partitionIndex());
        PartitionImage partition = changed.getOrDefault(place, topic.partition(data.partitionIndex()));
        if (partition == null) return refused(data.partitionIndex(), ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
        List<BrokerState> proposed = proposed(data);
        ErrorCode refusal = refusal(brokerId, partition, data, proposed);
        if (refusal != ErrorCode.NONE) return refused(data.partitionIndex(), refusal);
        PartitionElection.Target target = PartitionElection.Target.of(partition)
                .withIsr(proposed.stream().map(BrokerState::brokerId).toList())
                .withRecovering(data.leaderRecoveryState() == RECOVERING);
        Optional<VersionedRecord> record = electorate
                .election(topic, partition, target, electorate.rulesOf(topic).mode())
                .record(topic.id(), data.partitionIndex());
        if (record.isPresent()) {
            records.add(record.get());
            partition = partition.changedBy((PartitionChangeRecord) record.get().message());
            changed.put(place, partition);
            // A reassignment that ends may take the leadership from whoever reports its end.
            if (partition.leader() != brokerId) return refused(data.partitionIndex(), ErrorCode.NEW_LEADER_ELECTED);
        }
        return AlterPartitionResponse.PartitionData.builder()
                .partitionIndex(data.partitionIndex())
                .leaderId(partition.leader())
                .leaderEpoch(partition.leaderEpoch())
                .isr(partition.isr())
                .leaderRecoveryState(partition.isLeaderRecovering() ? RECOVERING : RECOVERED)
                .partitionEpoch(partition.partitionEpoch())
                .build();
    }

    private List<BrokerState> proposed(AlterPartitionRequest.PartitionData data) {
        if (version >= VERSION_WITH_BROKER_EPOCHS) return data.newIsrWithEpochs();
        return data.newIsr().stream()
                .map(id -> BrokerState.builder()
                        .brokerId(id)
                        .brokerEpoch(EPOCH_NOT_SAID)
                        .build())
                .toList();
    }

    private ErrorCode refusal(
            int brokerId,
            PartitionImage partition,
            AlterPartitionRequest.PartitionData data,
            List<BrokerState> proposed) {
        // The leader knows more than this controller, so there must be a newer one.
        if (data.leaderEpoch() > partition.leaderEpoch() || data.partitionEpoch() > partition.partitionEpoch())
            return ErrorCode.NOT_CONTROLLER;
        if (data.leaderEpoch() < partition.leaderEpoch()) return ErrorCode.FENCED_LEADER_EPOCH;
        if (brokerId != partition.leader()) return ErrorCode.INVALID_REQUEST;
        if (data.partitionEpoch() < partition.partitionEpoch()) return ErrorCode.INVALID_UPDATE_VERSION;
        Set<Integer> isr = new HashSet<>();
        for (BrokerState each : proposed)
            if (!partition.replicas().contains(each.brokerId()) || !isr.add(each.brokerId()))
                return ErrorCode.INVALID_REQUEST;
        if (!isr.contains(partition.leader())) return ErrorCode.INVALID_REQUEST;
        byte recovery = data.leaderRecoveryState();
        if (recovery != RECOVERED && recovery != RECOVERING) return ErrorCode.INVALID_REQUEST;
        if (recovery == RECOVERING && (isr.size() > 1 || !partition.isLeaderRecovering()))
            return ErrorCode.INVALID_REQUEST;
        for (BrokerState each : proposed) if (!isEligible(each)) return ErrorCode.INELIGIBLE_REPLICA;
        return ErrorCode.NONE;
    }

    /** A broker that is away, leaves, or has lived on since its log was seen, may not join (KIP-841, 903). */
    private boolean isEligible(BrokerState proposed) {
        BrokerImage broker = electorate.image().cluster().broker(proposed.brokerId());
        if (broker == null || !broker.isActive()) return false;
        return proposed.brokerEpoch() == EPOCH_NOT_SAID || proposed.brokerEpoch() == broker.epoch();
    }
}
