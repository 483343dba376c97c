package io.millrace.simulator.scenario;

import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.Request;
import io.millrace.protocol.Response;
import io.millrace.protocol.messages.AddOffsetsToTxnRequest;
import io.millrace.protocol.messages.AddOffsetsToTxnResponse;
import io.millrace.protocol.messages.AddPartitionsToTxnRequest;
import io.millrace.protocol.messages.AddPartitionsToTxnResponse;
import io.millrace.protocol.messages.EndTxnRequest;
import io.millrace.protocol.messages.EndTxnResponse;
import io.millrace.protocol.messages.InitProducerIdRequest;
import io.millrace.protocol.messages.InitProducerIdResponse;
import io.millrace.protocol.messages.OffsetFetchRequest;
import io.millrace.protocol.messages.OffsetFetchResponse;
import io.millrace.protocol.messages.TxnOffsetCommitRequest;
import io.millrace.protocol.messages.TxnOffsetCommitResponse;
import io.millrace.records.TopicPartition;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/** What coordinators of transactions and of groups answer, by the models of both. */
final class TransactionAnswers {
    /** From here on TxnOffsetCommit announces the group itself (KIP-890). */
    private static final int FIRST_COMMIT_THAT_ADDS = 5;

    private final ModelTransactions transactions;
    private final ModelOffsets offsets;

    TransactionAnswers(ModelTransactions transactions, ModelOffsets offsets) {
        this.transactions = transactions;
        this.offsets = offsets;
    }

    /** Does what a request asks for, and answers it. With a refusal it does nothing, and says so. */
    Response to(Request request, int version, ErrorCode refusal, long nowMs) {
        return switch (request) {
            case InitProducerIdRequest identify -> identified(identify, refusal);
            case AddPartitionsToTxnRequest add -> added(add, refusal, nowMs);
            case AddOffsetsToTxnRequest add -> added(add, refusal, nowMs);
            case EndTxnRequest end -> ended(end, refusal);
            case TxnOffsetCommitRequest commit -> committed(commit, version, refusal, nowMs);
            case OffsetFetchRequest fetch -> fetched(fetch, refusal);
            default -> throw new AssertionError("a coordinator is asked " + request.apiKey());
        };
    }

    private Response identified(InitProducerIdRequest request, ErrorCode refusal) {
        String transactionalId = request.transactionalId();
        if (transactionalId == null) throw new AssertionError("a producer without transactions");
        ModelTransactions.Answer answer = refusal == ErrorCode.NONE
                ? transactions.identify(
                        transactionalId, request.producerId(), request.producerEpoch(), request.transactionTimeoutMs())
                : ModelTransactions.Answer.refused(refusal);
        return InitProducerIdResponse.builder()
                .errorCode(answer.error().code())
                .producerId(answer.producerId())
                .producerEpoch(answer.epoch())
                .build();
    }

    private Response added(AddPartitionsToTxnRequest request, ErrorCode refusal, long nowMs) {
        List<String> places = new ArrayList<>();
        for (var topic : request.v3AndBelowTopics())
            for (int each : topic.partitions())
                places.add(ModelTransactions.placeOf(new TopicPartition(topic.name(), each)));
        ErrorCode error = refusal;
        if (error == ErrorCode.NONE)
            error = transactions.add(
                    request.v3AndBelowTransactionalId(),
                    request.v3AndBelowProducerId(),
                    request.v3AndBelowProducerEpoch(),
                    places,
                    nowMs);
        List<AddPartitionsToTxnResponse.AddPartitionsToTxnTopicResult> topics = new ArrayList<>();
        for (var topic : request.v3AndBelowTopics()) {
            List<AddPartitionsToTxnResponse.AddPartitionsToTxnPartitionResult> results = new ArrayList<>();
            for (int each : topic.partitions())
                results.add(new AddPartitionsToTxnResponse.AddPartitionsToTxnPartitionResult(each, error.code()));
            topics.add(new AddPartitionsToTxnResponse.AddPartitionsToTxnTopicResult(topic.name(), results));
        }
        return AddPartitionsToTxnResponse.builder()
                .resultsByTopicV3AndBelow(topics)
                .build();
    }

    private Response added(AddOffsetsToTxnRequest request, ErrorCode refusal, long nowMs) {
        ErrorCode error = refusal;
        if (error == ErrorCode.NONE)
            error = transactions.add(
                    request.transactionalId(),
                    request.producerId(),
                    request.producerEpoch(),
                    List.of(ModelTransactions.placeOf(request.groupId())),
                    nowMs);
        return AddOffsetsToTxnResponse.builder().errorCode(error.code()).build();
    }

    private Response ended(EndTxnRequest request, ErrorCode refusal) {
        ModelTransactions.Answer answer = refusal == ErrorCode.NONE
                ? transactions.end(
                        request.transactionalId(), request.producerId(), request.producerEpoch(), request.committed())
                : ModelTransactions.Answer.refused(refusal);
        return EndTxnResponse.builder()
                .errorCode(answer.error().code())
                .producerId(answer.producerId())
                .producerEpoch(answer.epoch())
                .build();
    }

    private Response committed(TxnOffsetCommitRequest request, int version, ErrorCode refusal, long nowMs) {
        List<String> places = List.of(ModelTransactions.placeOf(request.groupId()));
        ErrorCode error = refusal;
        if (error == ErrorCode.NONE)
            error = version >= FIRST_COMMIT_THAT_ADDS
                    ? transactions.add(
                            request.transactionalId(), request.producerId(), request.producerEpoch(), places, nowMs)
                    : transactions.verify(
                            request.transactionalId(), request.producerId(), request.producerEpoch(), places);
        // So the group's coordinator says it, which asks the other one.
        if (error == ErrorCode.PRODUCER_FENCED) error = ErrorCode.INVALID_PRODUCER_EPOCH;
        List<TxnOffsetCommitResponse.TxnOffsetCommitResponseTopic> topics = new ArrayList<>();
        for (var topic : request.topics()) {
            List<TxnOffsetCommitResponse.TxnOffsetCommitResponsePartition> results = new ArrayList<>();
            for (var each : topic.partitions()) {
                TopicPartition partition = new TopicPartition(topic.name(), each.partitionIndex());
                if (error == ErrorCode.NONE)
                    offsets.add(request.producerId(), request.groupId(), partition, each.committedOffset());
                results.add(new TxnOffsetCommitResponse.TxnOffsetCommitResponsePartition(
                        each.partitionIndex(), error.code()));
            }
            topics.add(TxnOffsetCommitResponse.TxnOffsetCommitResponseTopic.builder()
                    .name(topic.name())
                    .partitions(results)
                    .build());
        }
        return TxnOffsetCommitResponse.builder().topics(topics).build();
    }

    private Response fetched(OffsetFetchRequest request, ErrorCode refusal) {
        OffsetFetchRequest.OffsetFetchRequestGroup asked = request.groups().getFirst();
        List<OffsetFetchResponse.OffsetFetchResponseTopics> topics = new ArrayList<>();
        for (var topic : Objects.requireNonNull(asked.topics(), "no topics")) {
            List<OffsetFetchResponse.OffsetFetchResponsePartitions> results = new ArrayList<>();
            for (int each : topic.partitionIndexes()) {
                TopicPartition partition = new TopicPartition(topic.name(), each);
                boolean isUnstable = request.requireStable() && offsets.isUnstable(asked.groupId(), partition);
                results.add(OffsetFetchResponse.OffsetFetchResponsePartitions.builder()
                        .partitionIndex(each)
                        .committedOffset(isUnstable ? ModelOffsets.NONE : offsets.committed(asked.groupId(), partition))
                        .metadata("")
                        .errorCode((isUnstable ? ErrorCode.UNSTABLE_OFFSET_COMMIT : ErrorCode.NONE).code())
                        .build());
            }
            topics.add(OffsetFetchResponse.OffsetFetchResponseTopics.builder()
                    .name(topic.name())
                    .partitions(results)
                    .build());
        }
        return OffsetFetchResponse.builder()
                .groups(List.of(OffsetFetchResponse.OffsetFetchResponseGroup.builder()
                        .groupId(asked.groupId())
                        .topics(refusal == ErrorCode.NONE ? topics : List.of())
                        .errorCode(refusal.code())
                        .build()))
                .build();
    }
}
