package io.millrace.simulator.scenario;

import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.RecordsPayload;
import io.millrace.protocol.Uuid;
import io.millrace.protocol.messages.CreateTopicsRequest;
import io.millrace.protocol.messages.CreateTopicsResponse;
import io.millrace.protocol.messages.DeleteRecordsRequest;
import io.millrace.protocol.messages.DeleteRecordsResponse;
import io.millrace.protocol.messages.DeleteTopicsRequest;
import io.millrace.protocol.messages.DeleteTopicsResponse;
import io.millrace.protocol.messages.FetchRequest;
import io.millrace.protocol.messages.FetchResponse;
import io.millrace.protocol.messages.MetadataRequest;
import io.millrace.protocol.messages.MetadataResponse;
import io.millrace.protocol.messages.ProduceRequest;
import io.millrace.protocol.messages.ProduceResponse;
import io.millrace.records.BatchBuilder;
import io.millrace.records.BatchHeader;
import io.millrace.records.DecompressionLimit;
import io.millrace.records.Record;
import io.millrace.records.RecordIterator;
import io.millrace.testkit.SeededRandom;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;

/**
 * Makes a topic, fills it a little, reads it, deletes it and makes it again under its name. What is read is what was
 * acknowledged, and never of an earlier topic of that name (R14).
 */
final class TopicChurner implements Actor {
    private static final String TOPIC = "churned";
    private static final int TIMEOUT_MS = 5_000;
    private static final int MOST_BATCHES = 25;
    private static final int MOST_PADDING_CHARS = 400;
    private static final int MOST_PAUSES = 12;
    private static final int MOST_LOOKS = 2_000;

    private final Caller caller;
    private final int replicas;
    private final boolean deletesById;
    private final Set<Uuid> earlier = new HashSet<>();
    private final SeededRandom random;
    private final Map<Long, String> acknowledged = new TreeMap<>();
    private Uuid topicId = Uuid.ZERO;
    private int incarnation;
    private int incarnationsLeft;
    private int batchesLeft;
    private int sent;
    private int looks;

    TopicChurner(Caller caller, SeededRandom random, int incarnations) {
        this(caller, 1, false, random, incarnations);
    }

    /**
     * One for a cluster, where a request that was given up can take effect much later.
     *
     * @param deletesById so that it cannot strike the next topic of that name
     */
    TopicChurner(Caller caller, int replicas, boolean deletesById, SeededRandom random, int incarnations) {
        this.caller = caller;
        this.replicas = replicas;
        this.deletesById = deletesById;
        this.random = random;
        this.incarnationsLeft = incarnations;
    }

    @Override
    public boolean isDone() {
        return incarnationsLeft == 0;
    }

    @Override
    public void begin() {
        incarnation++;
        batchesLeft = random.nextInt(MOST_BATCHES);
        acknowledged.clear();
        looks = 0;
        create();
    }

    private void again(String what, ErrorCode error, Runnable step) {
        // While too few brokers are awake, perhaps none.
        boolean mayComeYet = error == ErrorCode.INVALID_REPLICATION_FACTOR;
        if (!error.isRetriable() && !mayComeYet) throw new AssertionError(what + " of " + TOPIC + ": " + error);
        caller.afterPause(step);
    }

    private void create() {
        CreateTopicsRequest request = CreateTopicsRequest.builder()
                .topics(List.of(CreateTopicsRequest.CreatableTopic.builder()
                        .name(TOPIC)
                        .numPartitions(1)
                        .replicationFactor((short) replicas)
                        .build()))
                .timeoutMs(TIMEOUT_MS)
                .build();
        caller.ask(
                request,
                CreateTopicsResponse.class,
                answer -> {
                    ErrorCode error =
                            ErrorCode.forCode(answer.topics().getFirst().errorCode());
                    if (error == ErrorCode.NONE || error == ErrorCode.TOPIC_ALREADY_EXISTS) lookUp();
                    else again("CreateTopics", error, this::create);
                },
                () -> caller.afterPause(this::create));
    }

    private void lookUp() {
        MetadataRequest request = MetadataRequest.builder()
                .topics(List.of(MetadataRequest.MetadataRequestTopic.builder()
                        .name(TOPIC)
                        .build()))
                .allowAutoTopicCreation(false)
                .build();
        caller.ask(
                request,
                MetadataResponse.class,
                answer -> {
                    var found = answer.topics().getFirst();
                    ErrorCode error = ErrorCode.forCode(found.errorCode());
                    if (error == ErrorCode.NONE && earlier.contains(found.topicId())) {
                        // A broker's metadata may lag behind the controller's.
                        caller.afterPause(this::lookUp);
                    } else if (error == ErrorCode.NONE) {
                        topicId = found.topicId();
                        earlier.add(topicId);
                        fill();
                    } else {
                        again("Metadata", error, this::lookUp);
                    }
                },
                () -> caller.afterPause(this::lookUp));
    }

    private void fill() {
        if (batchesLeft == 0) {
            read(0);
            return;
        }
        String value = incarnation + "/" + sent++ + "/" + "y".repeat(random.nextInt(MOST_PADDING_CHARS));
        BatchBuilder batch = BatchBuilder.plain(0, -1);
        batch.append(IdempotentProducer.RECORD_TIME_MS, null, value.getBytes(StandardCharsets.UTF_8), List.of());
        ProduceRequest request = ProduceRequest.builder()
                .acks((short) -1)
                .timeoutMs(TIMEOUT_MS)
                .topicData(List.of(ProduceRequest.TopicProduceData.builder()
                        .topicId(topicId)
                        .partitionData(List.of(ProduceRequest.PartitionProduceData.builder()
                                .index(0)
                                .records(new RecordsPayload.Buffer(batch.build()))
                                .build()))
                        .build()))
                .build();
        caller.ask(
                request,
                ProduceResponse.class,
                answer -> {
                    var one = answer.responses().getFirst().partitionResponses().getFirst();
                    ErrorCode error = ErrorCode.forCode(one.errorCode());
                    if (error != ErrorCode.NONE) {
                        again("Produce", error, this::fill);
                        return;
                    }
                    batchesLeft--;
                    acknowledged.put(one.baseOffset(), value);
                    if (random.nextInt(3) == 0) caller.afterPause(this::fill);
                    else fill();
                },
                () -> caller.afterPause(this::fill));
    }

    private void read(long offset) {
        FetchRequest request = FetchRequest.builder()
                .maxWaitMs(0)
                .minBytes(0)
                .sessionEpoch(-1)
                .topics(List.of(FetchRequest.FetchTopic.builder()
                        .topicId(topicId)
                        .partitions(List.of(FetchRequest.FetchPartition.builder()
                                .partition(0)
                                .fetchOffset(offset)
                                .partitionMaxBytes(1 << 20)
                                .build()))
                        .build()))
                .build();
        caller.ask(
                request,
                FetchResponse.class,
                answer -> {
                    ErrorCode error = ErrorCode.forCode(answer.errorCode());
                    FetchResponse.PartitionData data = null;
                    if (error == ErrorCode.NONE) {
                        data = answer.responses().getFirst().partitions().getFirst();
                        error = ErrorCode.forCode(data.errorCode());
                    }
                    if (data == null || error != ErrorCode.NONE) {
                        again("Fetch", error, () -> read(offset));
                        return;
                    }
                    long next = data.records() instanceof RecordsPayload.Buffer(ByteBuffer bytes)
                            ? check(bytes, offset)
                            : offset;
                    if (next < data.highWatermark()) read(next);
                    else ended(next);
                },
                () -> caller.afterPause(() -> read(offset)));
    }

    private long check(ByteBuffer batches, long fromOffset) {
        long next = fromOffset;
        for (int at = batches.position(); at + BatchHeader.HEADER_BYTES <= batches.limit(); ) {
            int sizeBytes = BatchHeader.sizeBytes(batches, at);
            if (at + sizeBytes > batches.limit()) break;
            RecordIterator batch = new RecordIterator(batches, at, DecompressionLimit.DEFAULT);
            while (batch.hasNext()) {
                Record record = batch.next();
                if (record.offset() < fromOffset) continue;
                check(record);
                next = record.offset() + 1;
            }
            at += sizeBytes;
        }
        return next;
    }

    private void check(Record record) {
        String value = StandardCharsets.UTF_8
                .decode(Objects.requireNonNull(record.value()).duplicate())
                .toString();
        if (!value.startsWith(incarnation + "/"))
            throw new AssertionError("topic " + incarnation + " of its name shows " + value.replaceAll("y+", "y"));
        String known = acknowledged.remove(record.offset());
        if (known != null && !known.equals(value))
            throw new AssertionError("offset " + record.offset() + " was acknowledged as " + known);
    }

    private void ended(long end) {
        // A new leader shows what was acknowledged before it led once it knows of it again (KIP-207).
        if (!acknowledged.isEmpty() && replicas > 1 && looks++ < MOST_LOOKS) {
            caller.afterPause(() -> read(end));
            return;
        }
        if (!acknowledged.isEmpty())
            throw new AssertionError("offsets " + acknowledged.keySet() + " were acknowledged, the log ends at " + end);
        incarnationsLeft--;
        if (isDone()) return;
        if (random.nextBoolean()) delete();
        else deleteRecords(end);
    }

    /** What is remembered of the log's start must not fall upon the next topic of that name. */
    private void deleteRecords(long beforeOffset) {
        DeleteRecordsRequest request = DeleteRecordsRequest.builder()
                .topics(List.of(DeleteRecordsRequest.DeleteRecordsTopic.builder()
                        .name(TOPIC)
                        .partitions(List.of(DeleteRecordsRequest.DeleteRecordsPartition.builder()
                                .partitionIndex(0)
                                .offset(beforeOffset)
                                .build()))
                        .build()))
                .timeoutMs(TIMEOUT_MS)
                .build();
        caller.ask(
                request,
                DeleteRecordsResponse.class,
                answer -> {
                    ErrorCode error = ErrorCode.forCode(
                            answer.topics().getFirst().partitions().getFirst().errorCode());
                    if (error != ErrorCode.NONE) again("DeleteRecords", error, () -> deleteRecords(beforeOffset));
                    else pause(random.nextInt(MOST_PAUSES));
                },
                () -> caller.afterPause(() -> deleteRecords(beforeOffset)));
    }

    /** Until a checkpoint is written, perhaps. */
    private void pause(int times) {
        if (times == 0) delete();
        else caller.afterPause(() -> pause(times - 1));
    }

    private DeleteTopicsRequest.DeleteTopicState topicToDelete() {
        var state = DeleteTopicsRequest.DeleteTopicState.builder();
        return (deletesById ? state.name(null).topicId(topicId) : state.name(TOPIC)).build();
    }

    /** The topic it is about; {@link Uuid#ZERO} before there is one. */
    Uuid topicId() {
        return topicId;
    }

    private void delete() {
        DeleteTopicsRequest request = DeleteTopicsRequest.builder()
                .topics(List.of(topicToDelete()))
                .timeoutMs(TIMEOUT_MS)
                .build();
        caller.ask(
                request,
                DeleteTopicsResponse.class,
                answer -> {
                    ErrorCode error =
                            ErrorCode.forCode(answer.responses().getFirst().errorCode());
                    if (error == ErrorCode.NONE
                            || error == ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
                            || error == ErrorCode.UNKNOWN_TOPIC_ID) begin();
                    else again("DeleteTopics", error, this::delete);
                },
                () -> caller.afterPause(this::delete));
    }
}
