package io.millrace.simulator.scenario;

import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.RecordsPayload;
import io.millrace.protocol.Uuid;
import io.millrace.protocol.messages.FetchRequest;
import io.millrace.protocol.messages.FetchResponse;
import io.millrace.records.BatchHeader;
import io.millrace.records.ControlRecord;
import io.millrace.records.ControlRecords;
import io.millrace.records.DecompressionLimit;
import io.millrace.records.Record;
import io.millrace.records.RecordIterator;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/** Reads all there is in one partition, markers and all, and finds out by the markers alone what of it is committed. */
final class WholeLog implements Actor {
    private static final int FETCH_BYTES = 100_000;

    private record Entry(TransactionHistory.Seen seen, long producerId) {}

    private final Uuid topicId;
    private final int partition;
    private final Caller caller;
    private final List<Entry> entries = new ArrayList<>();
    private final Map<Long, List<Entry>> open = new HashMap<>();
    private final Set<Entry> committed = new HashSet<>();
    private long nextOffset;
    private boolean isDone;

    WholeLog(Uuid topicId, int partition, Caller caller) {
        this.topicId = topicId;
        this.partition = partition;
        this.caller = caller;
    }

    @Override
    public void begin() {
        FetchRequest request = FetchRequest.builder()
                .maxWaitMs(1)
                .minBytes(0)
                .maxBytes(FETCH_BYTES)
                .sessionEpoch(-1)
                .topics(List.of(FetchRequest.FetchTopic.builder()
                        .topicId(topicId)
                        .partitions(List.of(FetchRequest.FetchPartition.builder()
                                .partition(partition)
                                .fetchOffset(nextOffset)
                                .partitionMaxBytes(FETCH_BYTES)
                                .build()))
                        .build()))
                .build();
        caller.ask(request, FetchResponse.class, this::fetched, () -> caller.afterPause(this::begin));
    }

    private void fetched(FetchResponse answer) {
        var data = answer.responses().getFirst().partitions().getFirst();
        ErrorCode error = ErrorCode.forCode(data.errorCode());
        if (error != ErrorCode.NONE) {
            if (!error.isRetriable()) throw new AssertionError("a fetch is answered with " + error);
            caller.afterPause(this::begin);
            return;
        }
        if (data.records() instanceof RecordsPayload.Buffer(ByteBuffer records)) take(records);
        isDone = nextOffset == data.highWatermark();
        if (!isDone) begin();
    }

    private void take(ByteBuffer records) {
        int at = records.position();
        while (at + BatchHeader.HEADER_BYTES <= records.limit()) {
            int sizeBytes = BatchHeader.sizeBytes(records, at);
            if (at + sizeBytes > records.limit()) return;
            take(records, at);
            at += sizeBytes;
        }
    }

    private void take(ByteBuffer records, int at) {
        if (BatchHeader.baseOffset(records, at) != nextOffset)
            throw TransactionHistory.broken(
                    "R11", "offset " + BatchHeader.baseOffset(records, at) + " where " + nextOffset + " is due");
        nextOffset = BatchHeader.lastOffset(records, at) + 1;
        long producerId = BatchHeader.producerId(records, at);
        RecordIterator batch = new RecordIterator(records, at, DecompressionLimit.DEFAULT);
        if (BatchHeader.isControl(records, at)) {
            List<Entry> its = open.remove(producerId);
            boolean isCommit =
                    ControlRecords.read(batch.next()) instanceof ControlRecord.EndTransaction(boolean isSo, int _)
                            && isSo;
            if (isCommit && its != null) committed.addAll(its);
            return;
        }
        while (batch.hasNext()) {
            Record record = batch.next();
            String value = StandardCharsets.UTF_8
                    .decode(Objects.requireNonNull(record.value()).duplicate())
                    .toString();
            Entry entry = new Entry(new TransactionHistory.Seen(record.offset(), value), producerId);
            entries.add(entry);
            open.computeIfAbsent(producerId, _ -> new ArrayList<>()).add(entry);
        }
    }

    @Override
    public boolean isDone() {
        return isDone;
    }

    /** All records. */
    List<TransactionHistory.Seen> all() {
        if (!open.isEmpty())
            throw TransactionHistory.broken(
                    "T5", "partition " + partition + " has transactions without an end: " + open.keySet());
        return entries.stream().map(Entry::seen).toList();
    }

    /** Those whose transaction was committed. */
    List<TransactionHistory.Seen> committed() {
        return entries.stream().filter(committed::contains).map(Entry::seen).toList();
    }
}
