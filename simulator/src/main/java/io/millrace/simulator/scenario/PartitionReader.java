package io.millrace.simulator.scenario;

import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.RecordsPayload;
import io.millrace.protocol.Uuid;
import io.millrace.protocol.messages.FetchRequest;
import io.millrace.protocol.messages.FetchResponse;
import io.millrace.records.BatchHeader;
import io.millrace.records.DecompressionLimit;
import io.millrace.records.Record;
import io.millrace.records.RecordIterator;
import io.millrace.testkit.SeededRandom;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * Reads one partition from the beginning, over and over until told to read it a last time, whole. Every offset follows the
 * one before, none is at or above the high watermark, and none is refused that was there before (R3, R19).
 */
final class PartitionReader implements Actor {
    private static final int MOST_WAIT_MS = 800;
    private static final int LEAST_FETCH_BYTES = 100;
    private static final int MOST_FETCH_BYTES = 20_000;

    /** How often an end below what is known is not believed; some twenty seconds. */
    private static final int MOST_EARLY_ENDS = 80;

    private final Uuid topicId;
    private final int partition;
    private final PartitionHistory history;
    private final Caller caller;
    private final SeededRandom random;
    private final List<String> whole = new ArrayList<>();
    private boolean isLastRound;
    private boolean isDone;
    private int earlyEnds;

    PartitionReader(Uuid topicId, int partition, PartitionHistory history, Caller caller, SeededRandom random) {
        this.topicId = topicId;
        this.partition = partition;
        this.history = history;
        this.caller = caller;
        this.random = random;
    }

    @Override
    public void begin() {
        whole.clear();
        fetch(isLastRound);
    }

    /** Reads it once more from the beginning, to the end, and is done then. */
    void readTheWhole() {
        isLastRound = true;
    }

    @Override
    public boolean isDone() {
        return isDone;
    }

    List<String> whole() {
        return whole;
    }

    private void fetch(boolean isOfLastRound) {
        FetchRequest request = FetchRequest.builder()
                .maxWaitMs(random.nextInt(MOST_WAIT_MS))
                .minBytes(1)
                .maxBytes(random.nextInt(LEAST_FETCH_BYTES, MOST_FETCH_BYTES))
                .sessionEpoch(-1)
                .topics(List.of(FetchRequest.FetchTopic.builder()
                        .topicId(topicId)
                        .partitions(List.of(FetchRequest.FetchPartition.builder()
                                .partition(partition)
                                .fetchOffset(whole.size())
                                .partitionMaxBytes(random.nextInt(LEAST_FETCH_BYTES, MOST_FETCH_BYTES))
                                .build()))
                        .build()))
                .build();
        caller.ask(
                request,
                FetchResponse.class,
                answer -> fetched(answer, isOfLastRound),
                () -> caller.afterPause(() -> fetch(isOfLastRound)));
    }

    private void fetched(FetchResponse answer, boolean isOfLastRound) {
        ErrorCode error = ErrorCode.forCode(answer.errorCode());
        long highWatermark = -1;
        int before = whole.size();
        if (error == ErrorCode.NONE) {
            var data = answer.responses().getFirst().partitions().getFirst();
            error = ErrorCode.forCode(data.errorCode());
            highWatermark = data.highWatermark();
            if (error == ErrorCode.NONE) history.highWatermark(highWatermark);
            if (error == ErrorCode.NONE && data.records() instanceof RecordsPayload.Buffer(ByteBuffer records))
                take(records, highWatermark);
        }
        if (error != ErrorCode.NONE && !error.isRetriable())
            throw history.broken("a fetch at " + before + ", where it was before, is answered with " + error);
        boolean isAtEnd = error == ErrorCode.NONE && whole.size() == before && whole.size() == highWatermark;
        if (!isAtEnd) {
            if (error == ErrorCode.NONE) fetch(isOfLastRound);
            else caller.afterPause(() -> fetch(isOfLastRound));
        } else if (isOfLastRound && whole.size() < history.knownEnd() && earlyEnds++ < MOST_EARLY_ENDS) {
            // Nobody leads for now, and whoever was asked may have led before, or follow; or a new leader does not know
            // yet how much is committed.
            caller.afterPause(() -> fetch(true));
        } else if (isOfLastRound) {
            isDone = true;
        } else if (isLastRound || random.nextInt(4) == 0) {
            caller.afterPause(this::begin);
        } else {
            caller.afterPause(() -> fetch(false));
        }
    }

    private void take(ByteBuffer records, long highWatermark) {
        int at = records.position();
        while (at + BatchHeader.HEADER_BYTES <= records.limit()) {
            int sizeBytes = BatchHeader.sizeBytes(records, at);
            if (at + sizeBytes > records.limit()) return;
            RecordIterator batch = new RecordIterator(records, at, DecompressionLimit.DEFAULT);
            while (batch.hasNext()) take(batch.next(), highWatermark);
            at += sizeBytes;
        }
    }

    private void take(Record record, long highWatermark) {
        if (record.offset() < whole.size()) return;
        if (record.offset() > whole.size())
            throw history.broken("offset " + record.offset() + " follows " + (whole.size() - 1));
        if (record.offset() >= highWatermark)
            throw history.broken("offset " + record.offset() + " is read above high watermark " + highWatermark);
        String value = StandardCharsets.UTF_8
                .decode(Objects.requireNonNull(record.value()).duplicate())
                .toString();
        history.read(record.offset(), value);
        whole.add(value);
    }
}
