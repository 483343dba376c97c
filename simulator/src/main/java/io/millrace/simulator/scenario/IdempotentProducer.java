package io.millrace.simulator.scenario;

import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.RecordsPayload;
import io.millrace.protocol.Uuid;
import io.millrace.protocol.messages.InitProducerIdRequest;
import io.millrace.protocol.messages.InitProducerIdResponse;
import io.millrace.protocol.messages.ProduceRequest;
import io.millrace.protocol.messages.ProduceResponse;
import io.millrace.records.BatchBuilder;
import io.millrace.records.Compression;
import io.millrace.simulator.Simulation;
import io.millrace.testkit.SeededRandom;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;

/**
 * Sends numbered values to one partition, idempotently (KIP-98): some batches in flight, each sent again with its
 * sequence until it is acknowledged.
 */
final class IdempotentProducer implements Actor {
    private static final int MOST_IN_FLIGHT = 5;
    private static final int MOST_RECORDS = 4;
    private static final int MOST_PADDING_CHARS = 300;
    private static final int TIMEOUT_MS = 5_000;
    /** Nine hours back, behind every clock of the story however it is set, yet within the life of a producer id. */
    static final long RECORD_TIME_MS = 1_789_967_600_000L;

    private static final class Batch {
        final int sequence;
        final List<String> values;
        boolean isInFlight;

        Batch(int sequence, List<String> values) {
            this.sequence = sequence;
            this.values = values;
        }
    }

    private final String name;
    private final Simulation simulation;
    private final Uuid topicId;
    private final int partition;
    private final PartitionHistory history;
    private final Caller caller;
    private final SeededRandom random;
    private final int window;
    private final boolean mayBeForgotten;
    private final ArrayDeque<Batch> unacknowledged = new ArrayDeque<>();
    private long producerId = -1;
    private short producerEpoch = -1;
    private int batchesLeft;
    private int nextSequence;
    private int round;
    private boolean gaveUp;

    IdempotentProducer(
            String name,
            Simulation simulation,
            Uuid topicId,
            int partition,
            PartitionHistory history,
            Caller caller,
            SeededRandom random,
            boolean serverRestarts,
            int batches) {
        this.name = name;
        this.simulation = simulation;
        this.topicId = topicId;
        this.partition = partition;
        this.history = history;
        this.caller = caller;
        this.random = random;
        this.batchesLeft = batches;
        this.window = 1 + random.nextInt(MOST_IN_FLIGHT);
        this.mayBeForgotten = serverRestarts && window > 1;
    }

    @Override
    public boolean isDone() {
        return gaveUp || (batchesLeft == 0 && unacknowledged.isEmpty());
    }

    @Override
    public void begin() {
        InitProducerIdRequest request = InitProducerIdRequest.builder()
                .transactionalId(null)
                .transactionTimeoutMs(60_000)
                .build();
        caller.ask(
                request,
                InitProducerIdResponse.class,
                answer -> {
                    ErrorCode error = ErrorCode.forCode(answer.errorCode());
                    if (error == ErrorCode.NONE) {
                        producerId = answer.producerId();
                        producerEpoch = answer.producerEpoch();
                        simulation.trace(producerId);
                        send();
                    } else if (error.isRetriable()) {
                        caller.afterPause(this::begin);
                    } else {
                        throw new AssertionError("InitProducerId of " + name + ": " + error);
                    }
                },
                () -> caller.afterPause(this::begin));
    }

    private void send() {
        while (unacknowledged.size() < window && batchesLeft > 0) unacknowledged.add(nextBatch());
        int roundOfThese = round;
        for (Batch batch : List.copyOf(unacknowledged)) {
            if (batch.isInFlight || round != roundOfThese) continue;
            batch.isInFlight = true;
            caller.ask(
                    request(batch),
                    ProduceResponse.class,
                    answer -> {
                        if (round == roundOfThese) answered(batch, answer);
                    },
                    () -> {
                        if (round == roundOfThese) sendAllAgain();
                    });
        }
    }

    private Batch nextBatch() {
        batchesLeft--;
        List<String> values = new ArrayList<>();
        for (int count = 1 + random.nextInt(MOST_RECORDS); count > 0; count--) {
            int number = nextSequence + values.size();
            values.add(PartitionHistory.value(name, number, "x".repeat(random.nextInt(MOST_PADDING_CHARS))));
        }
        history.sending(name, values);
        Batch batch = new Batch(nextSequence, values);
        nextSequence += values.size();
        return batch;
    }

    private ProduceRequest request(Batch batch) {
        BatchBuilder builder = BatchBuilder.forProducer(Compression.NONE, Compression.NONE.defaultLevel())
                .producer(producerId, producerEpoch, batch.sequence, false);
        for (String value : batch.values)
            builder.append(RECORD_TIME_MS, null, value.getBytes(StandardCharsets.UTF_8), List.of());
        ByteBuffer records = builder.build();
        return ProduceRequest.builder()
                .acks((short) -1)
                .timeoutMs(TIMEOUT_MS)
                .topicData(List.of(ProduceRequest.TopicProduceData.builder()
                        .topicId(topicId)
                        .partitionData(List.of(ProduceRequest.PartitionProduceData.builder()
                                .index(partition)
                                .records(new RecordsPayload.Buffer(records))
                                .build()))
                        .build()))
                .build();
    }

    private void answered(Batch batch, ProduceResponse response) {
        var answer = response.responses().getFirst().partitionResponses().getFirst();
        ErrorCode error = ErrorCode.forCode(answer.errorCode());
        boolean isFirst = unacknowledged.peekFirst() == batch;
        if (error == ErrorCode.NONE) {
            simulation.trace(answer.baseOffset());
            history.acknowledged(answer.baseOffset(), batch.values);
            unacknowledged.remove(batch);
            caller.afterPause(this::sendIfNothingElse);
        } else if (error.isRetriable() || (error == ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER && !isFirst)) {
            sendAllAgain();
        } else if (error == ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER && mayBeForgotten) {
            gaveUp = true;
            round++;
            history.gaveUp(name);
        } else {
            throw history.broken(name + ", whose batches before sequence " + batch.sequence
                    + " are all acknowledged, is told " + error + ": " + answer.errorMessage());
        }
    }

    private void sendIfNothingElse() {
        if (!isDone()) send();
    }

    /** The order on a new connection is the order of the sequences. */
    private void sendAllAgain() {
        round++;
        for (Iterator<Batch> all = unacknowledged.iterator(); all.hasNext(); ) all.next().isInFlight = false;
        caller.hangUp();
        int roundOfThese = round;
        caller.afterPause(() -> {
            if (round == roundOfThese) sendIfNothingElse();
        });
    }
}
