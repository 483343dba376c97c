package io.millrace.server.handlers;

import io.millrace.environment.Lane;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.RecordsPayload;
import io.millrace.protocol.Uuid;
import io.millrace.protocol.messages.ProduceRequest;
import io.millrace.protocol.messages.ProduceResponse;
import io.millrace.records.BatchHeader;
import io.millrace.records.Compression;
import io.millrace.records.TopicPartition;
import io.millrace.replication.run.LeaderPartition;
import io.millrace.server.network.Exchange;
import io.millrace.server.network.Handler;
import io.millrace.server.partitions.BrokerLane;
import io.millrace.server.partitions.InternalTopics;
import io.millrace.storage.AppendOrigin;
import io.millrace.storage.AppendOutcome;
import io.millrace.storage.BatchPreparation;
import io.millrace.storage.CorruptLog;
import io.millrace.storage.LogDirectoryFailed;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Produce (key 0), versions 3-13. Idempotent batches (KIP-98), leader hints from v10 (KIP-951), topic ids from v13 (KIP-516). Transactional batches are refused
 * until there is a transaction coordinator.
 */
public final class ProduceHandler implements Handler<ProduceRequest, ProduceResponse> {
    private static final int FIRST_VERSION_WITH_IDS = 13;
    private static final int FIRST_VERSION_WITH_ZSTD = 7;

    private final BrokerLane home;
    private final ClientView view;
    private final Consumer<LogDirectoryFailed> diskFailed;

    /** Makes the handler of one lane. */
    public ProduceHandler(BrokerLane home, ClientView view, Consumer<LogDirectoryFailed> diskFailed) {
        this.home = home;
        this.view = view;
        this.diskFailed = diskFailed;
    }

    /** One partition's batches on their way to its lane, and the topic they are for, which may be made anew meanwhile. */
    private record Append(int slot, TopicPartition partition, Uuid topicId, ByteBuffer batches) {
        boolean isFor(LeaderPartition led) {
            return led.log().topicId().orElse(topicId).equals(topicId);
        }
    }

    @Override
    public void handle(ProduceRequest request, Exchange<ProduceResponse> exchange) {
        ProduceAnswers answers = new ProduceAnswers(request, exchange, home, view);
        ErrorCode refusal = refusalOfAll(request);
        List<@Nullable List<Append>> elsewhere = new ArrayList<>();
        Lane onlyOwner = null;
        boolean hasOwner = false;
        int slot = 0;
        for (var topicData : request.topicData()) {
            boolean byTopicId = exchange.version() >= FIRST_VERSION_WITH_IDS;
            var topic = byTopicId
                    ? home.image().topics().topic(topicData.topicId())
                    : home.image().topics().topic(topicData.name());
            for (var data : topicData.partitionData()) {
                ErrorCode error = refusal;
                if (error == ErrorCode.NONE && topic == null)
                    error = byTopicId ? ErrorCode.UNKNOWN_TOPIC_ID : ErrorCode.UNKNOWN_TOPIC_OR_PARTITION;
                if (error == ErrorCode.NONE
                        && topic != null
                        && (data.index() < 0 || data.index() >= topic.partitionCount()))
                    error = ErrorCode.UNKNOWN_TOPIC_OR_PARTITION;
                // Whoever could write there could stop the coordinator that reads it.
                if (error == ErrorCode.NONE && topic != null && InternalTopics.contains(topic.name()))
                    error = ErrorCode.INVALID_TOPIC_EXCEPTION;
                if (error != ErrorCode.NONE || topic == null) {
                    answers.answer(slot, ProduceAnswers.refusal(data.index(), error, error.message()));
                } else {
                    Append append = new Append(
                            slot, new TopicPartition(topic.name(), data.index()), topic.id(), batches(data.records()));
                    BrokerLane owner = home.ownerOf(append.partition());
                    if (!hasOwner) onlyOwner = owner.lane();
                    else if (!owner.lane().equals(onlyOwner)) onlyOwner = null;
                    hasOwner = true;
                    if (exchange.version() < FIRST_VERSION_WITH_ZSTD && isZstd(append.batches()))
                        answers.answer(
                                slot,
                                ProduceAnswers.refusal(
                                        data.index(),
                                        ErrorCode.UNSUPPORTED_COMPRESSION_TYPE,
                                        "zstd needs a produce request of version 7 or later (KIP-110)"));
                    else if (owner == home) append(append, request.acks(), home, answers);
                    else queue(elsewhere, owner, append);
                }
                slot++;
            }
        }
        exchange.partitionsOf(onlyOwner);
        send(elsewhere, request.acks(), answers);
        answers.begun();
    }

    private static ErrorCode refusalOfAll(ProduceRequest request) {
        if (request.acks() < -1 || request.acks() > 1) return ErrorCode.INVALID_REQUIRED_ACKS;
        if (request.transactionalId() != null) return ErrorCode.TRANSACTIONAL_ID_AUTHORIZATION_FAILED;
        return ErrorCode.NONE;
    }

    private static ByteBuffer batches(@Nullable RecordsPayload records) {
        if (records instanceof RecordsPayload.Buffer(ByteBuffer bytes)) return bytes;
        return ByteBuffer.allocate(0);
    }

    private void queue(List<@Nullable List<Append>> elsewhere, BrokerLane owner, Append append) {
        while (elsewhere.size() < home.all().size()) elsewhere.add(null);
        List<Append> appends = elsewhere.get(owner.index());
        if (appends == null) {
            appends = new ArrayList<>();
            elsewhere.set(owner.index(), appends);
        }
        appends.add(append);
    }

    private void send(List<@Nullable List<Append>> elsewhere, short acks, ProduceAnswers answers) {
        if (elsewhere.isEmpty()) return;
        for (int lane = 0; lane < elsewhere.size(); lane++) {
            List<Append> appends = elsewhere.get(lane);
            if (appends == null) continue;
            BrokerLane owner = home.all().get(lane);
            answers.appendsElsewhere();
            owner.lane().execute(() -> {
                for (Append append : appends) append(append, acks, owner, answers);
                home.lane().execute(answers::appendedElsewhere);
            });
        }
    }

    /** Appends on the partition's lane, and answers on the connection's. */
    private void append(Append append, short acks, BrokerLane owner, ProduceAnswers answers) {
        LeaderPartition partition = owner.partitions().find(append.partition());
        int index = append.partition().partition();
        if (partition == null || !append.isFor(partition)) {
            answer(answers, append.slot(), notLed(append, owner));
            return;
        }
        if (isTransactional(append.batches())) {
            answer(
                    answers,
                    append.slot(),
                    ProduceAnswers.refusal(
                            index, ErrorCode.INVALID_TXN_STATE, "transactions are not available on this broker"));
            return;
        }
        int batchBytes = append.batches().remaining();
        owner.partitions()
                .appendOrder()
                .submit(
                        append.partition(),
                        append.batches(),
                        partition.log().config(),
                        owner.lane(),
                        prepared -> appendPrepared(append, prepared, batchBytes, acks, owner, answers));
    }

    /** The second half, at once or when helpers have packed the batch anew; the partition may be lost meanwhile. */
    private void appendPrepared(
            Append append,
            BatchPreparation prepared,
            int batchBytes,
            short acks,
            BrokerLane owner,
            ProduceAnswers answers) {
        LeaderPartition partition = owner.partitions().find(append.partition());
        int index = append.partition().partition();
        if (partition == null || !append.isFor(partition)) {
            answer(answers, append.slot(), notLed(append, owner));
            return;
        }
        ErrorCode tooFew = acks == -1 ? partition.appendForAll() : ErrorCode.NONE;
        if (tooFew != ErrorCode.NONE) {
            answer(answers, append.slot(), ProduceAnswers.refusal(index, tooFew, whyNotForAll(tooFew, partition)));
            return;
        }
        AppendOutcome outcome;
        try {
            outcome = switch (prepared) {
                case BatchPreparation.Ready ready -> partition.append(ready.batch(), AppendOrigin.CLIENT);
                case BatchPreparation.Refused refused -> refused.refusal();
            };
            if (outcome instanceof AppendOutcome.Appended) owner.partitions().countAppend(batchBytes);
        } catch (LogDirectoryFailed failed) {
            diskFailed.accept(failed);
            answer(
                    answers,
                    append.slot(),
                    ProduceAnswers.refusal(index, ErrorCode.KAFKA_STORAGE_ERROR, "the log directory failed"));
            return;
        } catch (CorruptLog damage) {
            owner.partitions().damaged(append.partition(), damage);
            answer(
                    answers,
                    append.slot(),
                    ProduceAnswers.refusal(index, ErrorCode.KAFKA_STORAGE_ERROR, "the log is damaged"));
            return;
        }
        ProduceResponse.PartitionProduceResponse answer =
                toResponse(index, outcome, partition.log().logStartOffset());
        long untilOffset = untilOffset(outcome);
        boolean waits = acks != 0 && (acks == -1 || partition.log().config().limitsUnforcedRecords());
        if (!waits) answer(answers, append.slot(), answer);
        else if (partition.isCommitted(untilOffset))
            answer(answers, append.slot(), committed(partition, index, acks, answer));
        else
            partition.whenCommitted(
                    untilOffset,
                    () -> answer(
                            answers,
                            append.slot(),
                            partition.isCommitted(untilOffset)
                                    ? committed(partition, index, acks, answer)
                                    : ProduceAnswers.refusal(
                                            index,
                                            ErrorCode.NOT_LEADER_OR_FOLLOWER,
                                            "leadership ended, or is likely to have, before the append was committed")));
    }

    /** What is committed may have got there when fewer replicas were in sync than were asked for. */
    private static ProduceResponse.PartitionProduceResponse committed(
            LeaderPartition partition, int index, short acks, ProduceResponse.PartitionProduceResponse answer) {
        if (acks != -1 || answer.errorCode() != ErrorCode.NONE.code()) return answer;
        ErrorCode tooFew = partition.committedForAll();
        return tooFew == ErrorCode.NONE ? answer : ProduceAnswers.refusal(index, tooFew, tooFewInSync(partition));
    }

    private static String whyNotForAll(ErrorCode error, LeaderPartition partition) {
        return error == ErrorCode.NOT_LEADER_OR_FOLLOWER
                ? "another broker may lead " + partition.name()
                        + " by now: neither the controller nor all replicas in sync have been heard of for a session"
                : tooFewInSync(partition);
    }

    private static String tooFewInSync(LeaderPartition partition) {
        return "in sync are " + partition.isr() + " of the replicas of " + partition.name() + ", "
                + -partition.sparedInSync() + " fewer than min.insync.replicas asks for";
    }

    private static ProduceResponse.PartitionProduceResponse notLed(Append append, BrokerLane owner) {
        return ProduceAnswers.refusal(
                append.partition().partition(),
                owner.partitions().whyNotLed(append.partition()),
                "this broker does not lead " + append.partition() + " at the moment");
    }

    private void answer(ProduceAnswers answers, int slot, ProduceResponse.PartitionProduceResponse answer) {
        home.run(() -> answers.answer(slot, answer));
    }

    private static boolean isZstd(ByteBuffer batches) {
        return batches.remaining() >= BatchHeader.HEADER_BYTES
                && BatchHeader.compressionId(batches, batches.position()) == Compression.ZSTD.id();
    }

    private static boolean isTransactional(ByteBuffer batches) {
        return batches.remaining() >= BatchHeader.HEADER_BYTES
                && BatchHeader.magic(batches, batches.position()) == 2
                && BatchHeader.isTransactional(batches, batches.position());
    }

    private static long untilOffset(AppendOutcome outcome) {
        return switch (outcome) {
            case AppendOutcome.Appended appended -> appended.lastOffset() + 1;
            case AppendOutcome.Duplicate duplicate -> duplicate.lastOffset() + 1;
            case AppendOutcome.Refused ignored -> 0;
        };
    }

    private static ProduceResponse.PartitionProduceResponse toResponse(
            int index, AppendOutcome outcome, long logStartOffset) {
        return switch (outcome) {
            case AppendOutcome.Appended appended ->
                ProduceResponse.PartitionProduceResponse.builder()
                        .index(index)
                        .baseOffset(appended.baseOffset())
                        .logAppendTimeMs(appended.logAppendTimeMs())
                        .logStartOffset(appended.logStartOffset())
                        .build();
            case AppendOutcome.Duplicate duplicate ->
                ProduceResponse.PartitionProduceResponse.builder()
                        .index(index)
                        .baseOffset(duplicate.baseOffset())
                        .logAppendTimeMs(duplicate.timestamp())
                        .logStartOffset(duplicate.logStartOffset())
                        .build();
            case AppendOutcome.Refused refused ->
                ProduceAnswers.refusal(index, refused.error(), refused.message()).toBuilder()
                        .logStartOffset(isFoundWhileAppending(refused.error()) ? logStartOffset : -1)
                        .recordErrors(refused.records().stream()
                                .map(record -> ProduceResponse.BatchIndexAndErrorMessage.builder()
                                        .batchIndex(record.batchIndex())
                                        .batchIndexErrorMessage(record.message())
                                        .build())
                                .toList())
                        .build();
        };
    }

    /** Refusals of the records themselves tell where the log starts; those of the batch's outside come before anybody looks. */
    private static boolean isFoundWhileAppending(ErrorCode error) {
        return error == ErrorCode.INVALID_RECORD
                || error == ErrorCode.INVALID_TIMESTAMP
                || error == ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER
                || error == ErrorCode.INVALID_PRODUCER_EPOCH;
    }
}
