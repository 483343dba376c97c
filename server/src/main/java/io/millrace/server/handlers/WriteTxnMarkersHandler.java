package io.millrace.server.handlers;

import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.messages.WriteTxnMarkersRequest;
import io.millrace.protocol.messages.WriteTxnMarkersResponse;
import io.millrace.records.ControlRecord;
import io.millrace.records.ControlRecords;
import io.millrace.records.TopicPartition;
import io.millrace.replication.run.LeaderPartition;
import io.millrace.server.network.Exchange;
import io.millrace.server.network.Handler;
import io.millrace.server.partitions.AskedPartition;
import io.millrace.server.partitions.BrokerLane;
import io.millrace.server.partitions.InternalTopics;
import io.millrace.storage.AppendOutcome;
import io.millrace.storage.LogDirectoryFailed;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * WriteTxnMarkers (key 27), versions 1-2: ends transactions on partitions led here (KIP-98), also those whose coordinator has
 * forgotten them (KIP-664). The log fences markers of old coordinators and producers; from v2 on a marker says which
 * transaction protocol it belongs to (KIP-1228). Answers when every marker is committed.
 */
public final class WriteTxnMarkersHandler implements Handler<WriteTxnMarkersRequest, WriteTxnMarkersResponse> {
    private final BrokerLane home;
    private final Consumer<LogDirectoryFailed> diskFailed;

    /** Makes the handler of one lane. */
    public WriteTxnMarkersHandler(BrokerLane home, Consumer<LogDirectoryFailed> diskFailed) {
        this.home = home;
        this.diskFailed = diskFailed;
    }

    /** One marker for one partition. */
    private record Append(int slot, TopicPartition partition, WriteTxnMarkersRequest.WritableTxnMarker marker) {}

    /** The answers still to come; touched on the connection's lane only. */
    private static final class Answers {
        private final WriteTxnMarkersRequest request;
        private final Exchange<WriteTxnMarkersResponse> exchange;
        private final List<ErrorCode> errors;
        private int missing;

        Answers(WriteTxnMarkersRequest request, Exchange<WriteTxnMarkersResponse> exchange, int count) {
            this.request = request;
            this.exchange = exchange;
            this.missing = count;
            this.errors = new ArrayList<>(count);
            for (int i = 0; i < count; i++) errors.add(ErrorCode.NONE);
        }

        void answer(int slot, ErrorCode error) {
            errors.set(slot, error);
            if (--missing == 0) exchange.reply(response(request, errors));
        }
    }

    @Override
    public void handle(WriteTxnMarkersRequest request, Exchange<WriteTxnMarkersResponse> exchange) {
        List<Append> appends = new ArrayList<>();
        for (var marker : request.markers())
            for (var topic : marker.topics())
                for (int partition : topic.partitionIndexes())
                    appends.add(new Append(appends.size(), AskedPartition.of(topic.name(), partition), marker));
        if (appends.isEmpty()) {
            exchange.reply(response(request, List.of()));
            return;
        }
        Answers answers = new Answers(request, exchange, appends.size());
        for (Append append : appends) {
            BrokerLane owner = home.ownerOf(append.partition());
            owner.run(() -> append(append, owner, error -> home.run(() -> answers.answer(append.slot(), error))));
        }
    }

    /** Appends on the partition's lane. */
    private void append(Append append, BrokerLane owner, Consumer<ErrorCode> answer) {
        var marker = append.marker();
        // The coordinator that reads such a topic has to hear of the end, or its memory differs from its log.
        if (InternalTopics.contains(append.partition().topic())) {
            answer.accept(ErrorCode.INVALID_TOPIC_EXCEPTION);
            return;
        }
        if (marker.producerId() < 0 || marker.producerEpoch() < 0) {
            answer.accept(ErrorCode.INVALID_REQUEST);
            return;
        }
        LeaderPartition partition = owner.partitions().find(append.partition());
        if (partition == null) {
            answer.accept(owner.whyNotLed(append.partition()));
            return;
        }
        AppendOutcome outcome;
        try {
            outcome = partition.appendMarker(
                    ControlRecords.endTransactionBatch(
                            0,
                            partition.leaderEpoch(),
                            owner.clock().wallMs(),
                            marker.producerId(),
                            marker.producerEpoch(),
                            new ControlRecord.EndTransaction(marker.transactionResult(), marker.coordinatorEpoch())),
                    marker.transactionVersion());
        } catch (LogDirectoryFailed failed) {
            diskFailed.accept(failed);
            answer.accept(ErrorCode.KAFKA_STORAGE_ERROR);
            return;
        }
        switch (outcome) {
            case AppendOutcome.Appended appended -> {
                long untilOffset = appended.lastOffset() + 1;
                partition.whenCommitted(
                        untilOffset,
                        () -> answer.accept(
                                partition.isCommitted(untilOffset)
                                        ? ErrorCode.NONE
                                        : ErrorCode.NOT_LEADER_OR_FOLLOWER));
            }
            case AppendOutcome.Refused refused -> answer.accept(refused.error());
            case AppendOutcome.Duplicate duplicate ->
                throw new IllegalStateException("a marker has no sequence to repeat: " + duplicate);
        }
    }

    private static WriteTxnMarkersResponse response(WriteTxnMarkersRequest request, List<ErrorCode> errors) {
        List<WriteTxnMarkersResponse.WritableTxnMarkerResult> markers = new ArrayList<>();
        int slot = 0;
        for (var marker : request.markers()) {
            List<WriteTxnMarkersResponse.WritableTxnMarkerTopicResult> topics = new ArrayList<>();
            for (var topic : marker.topics()) {
                List<WriteTxnMarkersResponse.WritableTxnMarkerPartitionResult> partitions = new ArrayList<>();
                for (int partition : topic.partitionIndexes())
                    partitions.add(WriteTxnMarkersResponse.WritableTxnMarkerPartitionResult.builder()
                            .partitionIndex(partition)
                            .errorCode(errors.get(slot++).code())
                            .build());
                topics.add(WriteTxnMarkersResponse.WritableTxnMarkerTopicResult.builder()
                        .name(topic.name())
                        .partitions(partitions)
                        .build());
            }
            markers.add(WriteTxnMarkersResponse.WritableTxnMarkerResult.builder()
                    .producerId(marker.producerId())
                    .topics(topics)
                    .build());
        }
        return WriteTxnMarkersResponse.builder().markers(markers).build();
    }
}
