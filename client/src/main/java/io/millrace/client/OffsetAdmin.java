package io.millrace.client;

import io.millrace.client.fetching.FetchedRange;
import io.millrace.client.fetching.RangeReader;
import io.millrace.client.fetching.WholeBatches;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.messages.DeleteRecordsRequest;
import io.millrace.protocol.messages.DeleteRecordsRequest.DeleteRecordsPartition;
import io.millrace.protocol.messages.DeleteRecordsRequest.DeleteRecordsTopic;
import io.millrace.protocol.messages.DeleteRecordsResponse;
import io.millrace.protocol.messages.ListOffsetsRequest;
import io.millrace.protocol.messages.ListOffsetsRequest.ListOffsetsPartition;
import io.millrace.protocol.messages.ListOffsetsRequest.ListOffsetsTopic;
import io.millrace.protocol.messages.ListOffsetsResponse;
import io.millrace.protocol.messages.OffsetForLeaderEpochRequest;
import io.millrace.protocol.messages.OffsetForLeaderEpochRequest.OffsetForLeaderPartition;
import io.millrace.protocol.messages.OffsetForLeaderEpochRequest.OffsetForLeaderTopic;
import io.millrace.protocol.messages.OffsetForLeaderEpochResponse;
import io.millrace.records.CompressionUnavailable;
import io.millrace.records.InvalidBatch;
import io.millrace.records.TopicPartition;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** What an {@link Admin} asks of logs, and deletes in them (KIP-107, KIP-396). Each partition's leader is asked. */
public final class OffsetAdmin {
    /** Instead of a time: the end of what a consumer may read, which is the high watermark. */
    public static final long LATEST = -1;

    /** Instead of a time: the log's start. */
    public static final long EARLIEST = -2;

    /** Instead of a time: the record with the largest timestamp (KIP-734). */
    public static final long MAX_TIMESTAMP = -3;

    /** Instead of a time: where the leader's own log starts, which is later than the log's start where tiers hold the rest (KIP-405). */
    public static final long EARLIEST_LOCAL = -4;

    /** Instead of a time: the last offset that tiers hold (KIP-1005); -1 where there are none. */
    public static final long LATEST_TIERED = -5;

    /** Instead of a time: the first offset that no tier holds yet (KIP-1023); -1 where there are no tiers. */
    public static final long EARLIEST_PENDING_UPLOAD = -6;

    /** Instead of an offset to delete before: the high watermark. */
    public static final long HIGH_WATERMARK = -1;

    /** Since when ListOffsets knows what, apart from times, start and end. */
    private static final Map<Long, Integer> FIRST_WITH = Map.of(
            MAX_TIMESTAMP, 7,
            EARLIEST_LOCAL, 8,
            LATEST_TIERED, 9,
            EARLIEST_PENDING_UPLOAD, 11);

    private static final int FIRST_WITH_ISOLATION = 2;

    private static final int NOT_A_REPLICA = -1;
    private static final int ANY_EPOCH = -1;

    /** A soft cap in bytes: the first batch comes whatever its size (KIP-74). */
    private static final int ONE_BATCH = 1;

    private static final int AT_ONCE = 0;
    private static final long NO_TIMESTAMP = -1;

    /** Control batches and batches that compaction emptied, at most, before it is given up to find a record. */
    private static final int MOST_BATCHES_WITHOUT_RECORDS = 8;

    private final Cluster cluster;

    OffsetAdmin(Cluster cluster) {
        this.cluster = cluster;
    }

    /**
     * Where an epoch ended.
     *
     * @param leaderEpoch the largest epoch of the log that is not larger than the one asked for, -1 if there is none
     * @param endOffset just past its last record, -1 if there is none
     */
    public record EpochEnd(int leaderEpoch, long endOffset) {}

    /** What of a log counts. */
    public enum Isolation {
        /** All that is committed to the log: it ends at the high watermark. */
        READ_UNCOMMITTED(0),
        /** What no open transaction is in front of: it ends at the last stable offset (KIP-98). */
        READ_COMMITTED(1);

        private final byte code;

        Isolation(int code) {
            this.code = (byte) code;
        }
    }

    /**
     * An offset that was looked for.
     *
     * @param offset -1 where there is no such record
     * @param timestamp of the record at it, in ms since 1970; -1 where an end of the log was asked for, or there is none
     * @param leaderEpoch of that record, or at that end of the log; -1 where there is none, or the cluster is too old to tell
     */
    public record Found(long offset, long timestamp, int leaderEpoch) {}

    /**
     * The offset of the first record with at least that timestamp.
     *
     * @param timestamp in ms since 1970, or {@link #LATEST}, {@link #EARLIEST} or another of these
     * @return by topic and partition; -1 where there is no such record; refused where the partition has no leader or is unknown
     */
    public Map<TopicPartition, Answer<Long>> find(Collection<TopicPartition> partitions, long timestamp) {
        Map<TopicPartition, Long> timestamps = new TreeMap<>();
        for (TopicPartition partition : partitions) timestamps.put(partition, timestamp);
        Map<TopicPartition, Answer<Long>> offsets = new TreeMap<>();
        find(timestamps, Isolation.READ_UNCOMMITTED)
                .forEach((partition, answer) -> offsets.put(
                        partition,
                        switch (answer) {
                            case Answer.Granted<Found>(Found found) -> new Answer.Granted<>(found.offset());
                            case Answer.Refused<Found>(ErrorCode error, String message) ->
                                new Answer.Refused<>(error, message);
                        }));
        return offsets;
    }

    /**
     * The first records with at least these timestamps (KIP-79, 207, 734).
     *
     * @param timestamps by topic and partition: in ms since 1970, or {@link #LATEST}, {@link #EARLIEST} or another of these
     * @return by topic and partition; refused where the partition has no leader or is unknown
     * @throws ClientFailure.NotSupported if a broker does not know what is asked for
     */
    public Map<TopicPartition, Answer<Found>> find(Map<TopicPartition, Long> timestamps, Isolation isolation) {
        Deadline deadline = cluster.deadline();
        return PartitionLeaders.ask(cluster, timestamps.keySet(), deadline, (leader, led, outcomes) -> {
            int lowest = isolation == Isolation.READ_COMMITTED ? FIRST_WITH_ISOLATION : 0;
            List<ListOffsetsTopic> topics = new ArrayList<>();
            for (var topic : led.entrySet()) {
                List<ListOffsetsPartition> partitions = new ArrayList<>();
                for (int number : topic.getValue()) {
                    long timestamp = timestamps.getOrDefault(new TopicPartition(topic.getKey(), number), LATEST);
                    lowest = Math.max(lowest, FIRST_WITH.getOrDefault(timestamp, 0));
                    partitions.add(ListOffsetsPartition.builder()
                            .partitionIndex(number)
                            .timestamp(timestamp)
                            .build());
                }
                topics.add(new ListOffsetsTopic(topic.getKey(), partitions));
            }
            var request = ListOffsetsRequest.builder()
                    .replicaId(NOT_A_REPLICA)
                    .isolationLevel(isolation.code)
                    .topics(topics)
                    .timeoutMs(deadline.leftMs())
                    .build();
            var call = Call.of(request, ListOffsetsResponse.class, answer -> List.of());
            if (lowest > call.lowest()) call = call.from(lowest);
            var answer = cluster.ask(new Destination.Broker(leader), call, deadline);
            for (var topic : answer.topics())
                for (var it : topic.partitions())
                    outcomes.put(
                            new TopicPartition(topic.name(), it.partitionIndex()),
                            Answer.of(it.errorCode(), null, new Found(it.offset(), it.timestamp(), it.leaderEpoch())));
        });
    }

    /**
     * Deletes records from the log's start on (KIP-107).
     *
     * @param beforeOffsets by topic and partition, the first offset that is kept, or {@link #HIGH_WATERMARK} for none
     * @return by topic and partition, where its log starts now; OFFSET_OUT_OF_RANGE where that is above the high watermark
     */
    public Map<TopicPartition, Answer<Long>> deleteBefore(Map<TopicPartition, Long> beforeOffsets) {
        Deadline deadline = cluster.deadline();
        return PartitionLeaders.ask(cluster, beforeOffsets.keySet(), deadline, (leader, led, outcomes) -> {
            var request = DeleteRecordsRequest.builder()
                    .topics(led.entrySet().stream()
                            .map(it -> new DeleteRecordsTopic(
                                    it.getKey(),
                                    it.getValue().stream()
                                            .map(number -> new DeleteRecordsPartition(
                                                    number,
                                                    beforeOffsets.getOrDefault(
                                                            new TopicPartition(it.getKey(), number), 0L)))
                                            .toList()))
                            .toList())
                    .timeoutMs(deadline.leftMs())
                    .build();
            var call = Call.of(request, DeleteRecordsResponse.class, answer -> List.of());
            var answer = cluster.ask(new Destination.Broker(leader), call, deadline);
            for (var topic : answer.topics())
                for (var it : topic.partitions())
                    outcomes.put(
                            new TopicPartition(topic.name(), it.partitionIndex()),
                            Answer.of(it.errorCode(), null, it.lowWatermark()));
        });
    }

    /**
     * Where leader epochs ended in the logs of today's leaders (KIP-101).
     *
     * @param leaderEpochs by topic and partition, each from 0
     */
    public Map<TopicPartition, Answer<EpochEnd>> endsOfEpochs(Map<TopicPartition, Integer> leaderEpochs) {
        Deadline deadline = cluster.deadline();
        return PartitionLeaders.ask(cluster, leaderEpochs.keySet(), deadline, (leader, led, outcomes) -> {
            var request = OffsetForLeaderEpochRequest.builder()
                    .replicaId(NOT_A_REPLICA)
                    .topics(led.entrySet().stream()
                            .map(it -> new OffsetForLeaderTopic(
                                    it.getKey(),
                                    it.getValue().stream()
                                            .map(number -> new OffsetForLeaderPartition(
                                                    number,
                                                    ANY_EPOCH,
                                                    leaderEpochs.getOrDefault(
                                                            new TopicPartition(it.getKey(), number), 0)))
                                            .toList()))
                            .toList())
                    .build();
            var call = Call.of(request, OffsetForLeaderEpochResponse.class, answer -> List.of());
            var answer = cluster.ask(new Destination.Broker(leader), call, deadline);
            for (var topic : answer.topics())
                for (var it : topic.partitions())
                    outcomes.put(
                            new TopicPartition(topic.topic(), it.partition()),
                            Answer.of(it.errorCode(), null, new EpochEnd(it.leaderEpoch(), it.endOffset())));
        });
    }

    /**
     * The time stamps of the records at these offsets, or of the next ones that there are: each is read, a batch at a time.
     *
     * @return by topic and partition, in ms since 1970; -1 where no record of an application follows within a few batches, or what
     *     follows cannot be read; OFFSET_OUT_OF_RANGE where the log no longer has the offset
     */
    public Map<TopicPartition, Answer<Long>> timestampsAt(Map<TopicPartition, Long> offsets) {
        Map<TopicPartition, Answer<Long>> found = new TreeMap<>();
        offsets.forEach((partition, offset) -> {
            try {
                found.put(partition, timestampAt(partition, offset));
            } catch (ClientFailure.Refused refused) { // It has no leader, or is gone.
                found.put(partition, new Answer.Refused<>(refused.error(), refused.sentence()));
            }
        });
        return found;
    }

    private Answer<Long> timestampAt(TopicPartition partition, long offset) {
        PartitionAccess access = new PartitionAccess(cluster, partition);
        RangeReader reader = new RangeReader(false);
        long fromOffset = offset;
        for (int batches = 0; batches < MOST_BATCHES_WITHOUT_RECORDS; batches++) {
            switch (access.read(fromOffset, ONE_BATCH, AT_ONCE)) {
                case Answer.Refused<ByteBuffer>(ErrorCode error, String message) -> {
                    return new Answer.Refused<>(error, message);
                }
                case Answer.Granted<ByteBuffer>(ByteBuffer bytes) -> {
                    WholeBatches whole = WholeBatches.of(bytes);
                    if (whole.bytes() == 0) return new Answer.Granted<>(NO_TIMESTAMP);
                    byte[] own = new byte[whole.bytes()];
                    bytes.get(bytes.position(), own);
                    reader.begin(new FetchedRange(0, fromOffset, whole.next(), ByteBuffer.wrap(own), List.of()));
                    try {
                        if (reader.next()) return new Answer.Granted<>(reader.timestamp());
                    } catch (InvalidBatch | CompressionUnavailable unreadable) {
                        return new Answer.Granted<>(NO_TIMESTAMP);
                    }
                    if (whole.next().offset() <= fromOffset) return new Answer.Granted<>(NO_TIMESTAMP);
                    fromOffset = whole.next().offset();
                }
            }
        }
        return new Answer.Granted<>(NO_TIMESTAMP);
    }
}
