package io.millrace.client;

import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.RecordsPayload;
import io.millrace.protocol.Uuid;
import io.millrace.protocol.messages.FetchRequest;
import io.millrace.protocol.messages.FetchResponse;
import io.millrace.protocol.messages.ProduceRequest;
import io.millrace.protocol.messages.ProduceResponse;
import io.millrace.records.TopicPartition;
import java.nio.ByteBuffer;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Writes and reads whole batches of one partition, one request at a time: for tools and checks, not for throughput. */
public final class PartitionAccess {
    private static final short ALL_IN_SYNC = -1;
    private static final int NO_SESSION_EPOCH = -1;

    /** Where the partition is led, and by which id its topic goes; requests of later versions name topics by id only. */
    private record Leader(int brokerId, Uuid topicId) {}

    private final Cluster cluster;
    private final TopicPartition partition;
    private @Nullable Leader leader;

    PartitionAccess(Cluster cluster, TopicPartition partition) {
        this.cluster = cluster;
        this.partition = partition;
    }

    /**
     * Appends a batch, and waits until all replicas in sync have it.
     *
     * @param batch of format 2, from position to limit
     * @return the offset of its first record
     */
    public Answer<Long> append(ByteBuffer batch) {
        Deadline deadline = cluster.deadline();
        Leader at = leader(deadline);
        var data = new ProduceRequest.PartitionProduceData(
                partition.partition(), new RecordsPayload.Buffer(batch.duplicate()));
        var request = ProduceRequest.builder()
                .acks(ALL_IN_SYNC)
                .timeoutMs(deadline.leftMs())
                .topicData(List.of(new ProduceRequest.TopicProduceData(partition.topic(), at.topicId(), List.of(data))))
                .build();
        var call = Call.of(request, ProduceResponse.class, answer -> List.of());
        var answer = cluster.ask(new Destination.Broker(at.brokerId()), call, deadline);
        for (var topic : answer.responses()) {
            for (var it : topic.partitionResponses()) {
                if (it.errorCode() != ErrorCode.NONE.code()) leader = null;
                return Answer.of(it.errorCode(), it.errorMessage(), it.baseOffset());
            }
        }
        return TopicAdmin.unanswered();
    }

    /**
     * Reads whole batches.
     *
     * @param fromOffset in the first batch that is returned
     * @param maxBytes soft cap; the first batch is returned even if larger (KIP-74)
     * @param maxWaitMs how long to wait for at least one byte; 0 answers at once
     * @return batches, perhaps none, the last perhaps cut
     */
    public Answer<ByteBuffer> read(long fromOffset, int maxBytes, int maxWaitMs) {
        Deadline deadline = cluster.deadline();
        Leader at = leader(deadline);
        var wanted = FetchRequest.FetchPartition.builder()
                .partition(partition.partition())
                .fetchOffset(fromOffset)
                .partitionMaxBytes(maxBytes)
                .build();
        var request = FetchRequest.builder()
                .maxWaitMs(maxWaitMs)
                .minBytes(1)
                .maxBytes(maxBytes)
                .sessionEpoch(NO_SESSION_EPOCH)
                .topics(List.of(new FetchRequest.FetchTopic(partition.topic(), at.topicId(), List.of(wanted))))
                .build();
        var call = Call.of(request, FetchResponse.class, answer -> List.of());
        var answer = cluster.ask(new Destination.Broker(at.brokerId()), call, deadline);
        if (answer.errorCode() != ErrorCode.NONE.code()) return Answer.refused(answer.errorCode(), null);
        for (var topic : answer.responses()) {
            for (var it : topic.partitions()) {
                if (it.errorCode() != ErrorCode.NONE.code()) leader = null;
                ByteBuffer batches = it.records() instanceof RecordsPayload.Buffer(ByteBuffer bytes)
                        ? bytes
                        : ByteBuffer.allocate(0);
                return Answer.of(it.errorCode(), null, batches);
            }
        }
        return TopicAdmin.unanswered();
    }

    private Leader leader(Deadline deadline) {
        Leader known = leader;
        if (known != null) return known;
        for (var topic : cluster.metadata(List.of(partition.topic()), deadline).topics()) {
            for (var it : topic.partitions()) {
                if (it.partitionIndex() != partition.partition() || it.leaderId() < 0) continue;
                Leader found = new Leader(it.leaderId(), topic.topicId());
                leader = found;
                return found;
            }
        }
        throw new ClientFailure.Refused(
                ErrorCode.LEADER_NOT_AVAILABLE, "there is no partition " + partition + ", or it has no leader now");
    }
}
