package io.millrace.client.transaction.run;

import io.millrace.client.CommittedOffset;
import io.millrace.client.transaction.GroupOffsets;
import io.millrace.client.transaction.TransactionStep;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.Request;
import io.millrace.protocol.messages.AddOffsetsToTxnRequest;
import io.millrace.protocol.messages.AddPartitionsToTxnRequest;
import io.millrace.protocol.messages.AddPartitionsToTxnResponse;
import io.millrace.protocol.messages.EndTxnRequest;
import io.millrace.protocol.messages.FindCoordinatorRequest;
import io.millrace.protocol.messages.InitProducerIdRequest;
import io.millrace.protocol.messages.TxnOffsetCommitRequest;
import io.millrace.protocol.messages.TxnOffsetCommitResponse;
import io.millrace.records.TopicPartition;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Writes down what {@link TransactionStep} says, and reads what is answered per partition. */
final class TransactionRequests {
    private static final byte GROUP = 0;
    private static final byte TRANSACTION = 1;

    /** From version 4 on AddPartitionsToTxn is for brokers. */
    private static final short LAST_ADD_PARTITIONS_OF_CLIENTS = 3;
    /** Offsets are told by topic names, as the application gave them. */
    private static final short LAST_COMMIT_BY_NAME = 5;

    private static final short LAST_COMMIT_OF_FIRST = 4;
    private static final short LAST_END_OF_FIRST = 4;
    private static final short LAST_PRODUCE_OF_FIRST = 11;

    private final String transactionalId;
    private final int transactionTimeoutMs;

    TransactionRequests(String transactionalId, int transactionTimeoutMs) {
        this.transactionalId = transactionalId;
        this.transactionTimeoutMs = transactionTimeoutMs;
    }

    /** The version tells the coordinator of which version the transaction is (KIP-890). */
    static short maxVersion(TransactionStep step, boolean isSecondVersion) {
        return switch (step) {
            case TransactionStep.AddPartitions add -> LAST_ADD_PARTITIONS_OF_CLIENTS;
            case TransactionStep.CommitOffsets commit -> isSecondVersion ? LAST_COMMIT_BY_NAME : LAST_COMMIT_OF_FIRST;
            case TransactionStep.End end -> isSecondVersion ? Short.MAX_VALUE : LAST_END_OF_FIRST;
            case TransactionStep.FindTransactionCoordinator find -> Short.MAX_VALUE;
            case TransactionStep.FindGroupCoordinator find -> Short.MAX_VALUE;
            case TransactionStep.Identify identify -> Short.MAX_VALUE;
            case TransactionStep.AddOffsets add -> Short.MAX_VALUE;
        };
    }

    static short maxProduceVersion(boolean isSecondVersion) {
        return isSecondVersion ? Short.MAX_VALUE : LAST_PRODUCE_OF_FIRST;
    }

    Request of(TransactionStep step) {
        return switch (step) {
            case TransactionStep.FindTransactionCoordinator find ->
                FindCoordinatorRequest.builder()
                        .keyType(TRANSACTION)
                        .coordinatorKeys(List.of(transactionalId))
                        .build();
            case TransactionStep.FindGroupCoordinator(String groupId) ->
                FindCoordinatorRequest.builder()
                        .keyType(GROUP)
                        .coordinatorKeys(List.of(groupId))
                        .build();
            case TransactionStep.Identify(int node, var current) ->
                InitProducerIdRequest.builder()
                        .transactionalId(transactionalId)
                        .transactionTimeoutMs(transactionTimeoutMs)
                        .producerId(current.id())
                        .producerEpoch(current.epoch())
                        .build();
            case TransactionStep.AddPartitions(int node, var producer, List<TopicPartition> partitions) ->
                AddPartitionsToTxnRequest.builder()
                        .v3AndBelowTransactionalId(transactionalId)
                        .v3AndBelowProducerId(producer.id())
                        .v3AndBelowProducerEpoch(producer.epoch())
                        .v3AndBelowTopics(topics(partitions))
                        .build();
            case TransactionStep.AddOffsets(int node, var producer, String groupId) ->
                AddOffsetsToTxnRequest.builder()
                        .transactionalId(transactionalId)
                        .producerId(producer.id())
                        .producerEpoch(producer.epoch())
                        .groupId(groupId)
                        .build();
            case TransactionStep.CommitOffsets(int node, var producer, GroupOffsets group) ->
                TxnOffsetCommitRequest.builder()
                        .transactionalId(transactionalId)
                        .groupId(group.groupId())
                        .producerId(producer.id())
                        .producerEpoch(producer.epoch())
                        .generationIdOrMemberEpoch(group.generation())
                        .memberId(group.memberId())
                        .groupInstanceId(group.groupInstanceId())
                        .topics(offsets(group.offsets()))
                        .build();
            case TransactionStep.End(int node, var producer, boolean isCommit) ->
                EndTxnRequest.builder()
                        .transactionalId(transactionalId)
                        .producerId(producer.id())
                        .producerEpoch(producer.epoch())
                        .committed(isCommit)
                        .build();
        };
    }

    private static List<AddPartitionsToTxnRequest.AddPartitionsToTxnTopic> topics(List<TopicPartition> partitions) {
        Map<String, List<Integer>> byTopic = new TreeMap<>();
        for (TopicPartition each : partitions) {
            byTopic.computeIfAbsent(each.topic(), name -> new ArrayList<>()).add(each.partition());
        }
        List<AddPartitionsToTxnRequest.AddPartitionsToTxnTopic> topics = new ArrayList<>(byTopic.size());
        byTopic.forEach((name, all) -> topics.add(new AddPartitionsToTxnRequest.AddPartitionsToTxnTopic(name, all)));
        return topics;
    }

    private static List<TxnOffsetCommitRequest.TxnOffsetCommitRequestTopic> offsets(
            Map<TopicPartition, CommittedOffset> offsets) {
        Map<String, List<TxnOffsetCommitRequest.TxnOffsetCommitRequestPartition>> byTopic = new TreeMap<>();
        offsets.forEach((partition, consumed) -> byTopic.computeIfAbsent(partition.topic(), name -> new ArrayList<>())
                .add(TxnOffsetCommitRequest.TxnOffsetCommitRequestPartition.builder()
                        .partitionIndex(partition.partition())
                        .committedOffset(consumed.offset())
                        .committedLeaderEpoch(consumed.leaderEpoch())
                        .committedMetadata(consumed.metadata())
                        .build()));
        List<TxnOffsetCommitRequest.TxnOffsetCommitRequestTopic> topics = new ArrayList<>(byTopic.size());
        byTopic.forEach((name, all) -> topics.add(TxnOffsetCommitRequest.TxnOffsetCommitRequestTopic.builder()
                .name(name)
                .partitions(all)
                .build()));
        return topics;
    }

    static Map<TopicPartition, ErrorCode> errors(AddPartitionsToTxnResponse response) {
        Map<TopicPartition, ErrorCode> errors = new HashMap<>();
        for (AddPartitionsToTxnResponse.AddPartitionsToTxnTopicResult topic : response.resultsByTopicV3AndBelow()) {
            for (AddPartitionsToTxnResponse.AddPartitionsToTxnPartitionResult each : topic.resultsByPartition()) {
                if (each.partitionIndex() < 0) continue;
                errors.put(
                        new TopicPartition(topic.name(), each.partitionIndex()),
                        ErrorCode.forCode(each.partitionErrorCode()));
            }
        }
        return errors;
    }

    static Map<TopicPartition, ErrorCode> errors(TxnOffsetCommitResponse response) {
        Map<TopicPartition, ErrorCode> errors = new HashMap<>();
        for (TxnOffsetCommitResponse.TxnOffsetCommitResponseTopic topic : response.topics()) {
            for (TxnOffsetCommitResponse.TxnOffsetCommitResponsePartition each : topic.partitions()) {
                if (each.partitionIndex() < 0) continue;
                errors.put(
                        new TopicPartition(topic.name(), each.partitionIndex()), ErrorCode.forCode(each.errorCode()));
            }
        }
        return errors;
    }
}
