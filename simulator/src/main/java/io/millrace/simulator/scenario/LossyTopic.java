package io.millrace.simulator.scenario;

import io.millrace.metadata.MetadataImage;
import io.millrace.metadata.PartitionImage;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.RecordsPayload;
import io.millrace.protocol.messages.ProduceRequest;
import io.millrace.protocol.messages.ProduceResponse;
import io.millrace.records.BatchBuilder;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * A topic that may be led by whoever is there ({@code unclean.leader.election.enable}), and whoever writes to it. What is acknowledged may be
 * lost there, but only by such an election that came afterwards, and all replicas agree on what is left (R1, R2, R15).
 */
final class LossyTopic implements Actor {
    /** Its name. */
    static final String NAME = "lossy";
    /** So few that the one in sync is often away, and another one there. */
    static final int REPLICAS = 2;

    static final Map<String, String> PROPERTIES =
            Map.of("unclean.leader.election.enable", "true", "min.insync.replicas", "1");

    private static final int TIMEOUT_MS = 5_000;

    private record Acknowledged(long offset, String value, int electionsBefore) {}

    private final TopicMaker topic;
    private final Caller caller;
    private final MetadataHistory metadata;
    private final List<Acknowledged> acknowledged = new ArrayList<>();
    private int sendsLeft;

    /** @param topic whoever makes it; begun by this */
    LossyTopic(TopicMaker topic, Caller caller, MetadataHistory metadata, int sends) {
        this.topic = topic;
        this.caller = caller;
        this.metadata = metadata;
        this.sendsLeft = sends;
    }

    @Override
    public void begin() {
        topic.begin();
        sendWhenMade();
    }

    private void sendWhenMade() {
        if (topic.isDone()) send();
        else caller.afterPause(this::sendWhenMade);
    }

    private void send() {
        if (sendsLeft == 0) return;
        String value = "lossy " + sendsLeft;
        // Before it is sent: the answer may come when somebody else has been elected since.
        int electionsBefore = metadata.uncleanElectionCount(NAME);
        PartitionImage partitionBefore = metadata.newest().topics().partition(NAME, 0);
        // Otherwise just any broker is asked: one may be cut off, have led before, and be alone in sync, as far as it
        // knows.
        boolean isLed = partitionBefore != null && partitionBefore.hasLeader();
        caller.ask(
                request(value),
                ProduceResponse.class,
                answer -> {
                    var partition =
                            answer.responses().getFirst().partitionResponses().getFirst();
                    ErrorCode error = ErrorCode.forCode(partition.errorCode());
                    if (error != ErrorCode.NONE && !error.isRetriable())
                        throw new AssertionError("Produce to " + NAME + ": " + error + ", " + partition.errorMessage());
                    if (error == ErrorCode.NONE) {
                        if (isLed) acknowledged.add(new Acknowledged(partition.baseOffset(), value, electionsBefore));
                        sendsLeft--;
                    }
                    caller.afterPause(this::send);
                },
                () -> caller.afterPause(this::send));
    }

    private ProduceRequest request(String value) {
        BatchBuilder batch = BatchBuilder.plain(0, -1);
        batch.append(IdempotentProducer.RECORD_TIME_MS, null, value.getBytes(StandardCharsets.UTF_8), List.of());
        return ProduceRequest.builder()
                .acks((short) -1)
                .timeoutMs(TIMEOUT_MS)
                .topicData(List.of(ProduceRequest.TopicProduceData.builder()
                        .topicId(topic.topicId())
                        .partitionData(List.of(ProduceRequest.PartitionProduceData.builder()
                                .index(0)
                                .records(new RecordsPayload.Buffer(batch.build()))
                                .build()))
                        .build()))
                .build();
    }

    @Override
    public boolean isDone() {
        return sendsLeft == 0;
    }

    /**
     * Looks into the disks when nobody runs any more, all replicas having been in sync.
     *
     * @throws AssertionError if something is lost that no election can have lost, or replicas do not agree
     */
    void check(ClusterNodes nodes, MetadataImage image) {
        PartitionImage partition = image.topics().partition(NAME, 0);
        if (partition == null) throw new AssertionError("R1: topic " + NAME + " is not there any more");
        StoredLog log = nodes.log(partition.leader(), NAME + "-0");
        for (Acknowledged each : acknowledged) {
            if (each.electionsBefore() < metadata.uncleanElectionCount(NAME) || isThere(log, each)) continue;
            throw new AssertionError("R15: what was acknowledged at " + each.offset() + " of " + NAME
                    + " is lost, and nobody was elected uncleanly since: " + partition);
        }
        ReplicaComparison.compare(nodes, image, NAME, Map.of(0, log.endOffset()));
    }

    private static boolean isThere(StoredLog log, Acknowledged record) {
        ByteBuffer batch = log.batchWith(record.offset());
        return batch != null && AcknowledgedRecords.valuesOf(batch).contains(record.value());
    }
}
