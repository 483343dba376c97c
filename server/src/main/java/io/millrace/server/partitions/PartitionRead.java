package io.millrace.server.partitions;

import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.RecordsPayload;
import io.millrace.protocol.messages.FetchResponse;
import io.millrace.records.OffsetAndEpoch;
import io.millrace.records.TopicPartition;
import io.millrace.replication.FollowerFetch;
import io.millrace.replication.run.FollowerRest;
import io.millrace.storage.FileRecords;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One partition's part of a fetch: what is wanted, and the last result. A result holds a file open until it is released,
 * replaced, or handed to the answer.
 */
public final class PartitionRead {
    /**
     * What is wanted of one partition.
     *
     * @param fetchOffset the first offset wanted
     * @param maxBytes soft limit in bytes
     * @param currentLeaderEpoch what the client believes, -1 for no opinion
     * @param lastFetchedEpoch epoch of the last record the client has, -1 for no word on it
     * @param readCommitted whether records of open and aborted transactions are to be left to the reader to skip
     * @param follower what a follower's fetch says of its log, and by that of what it wants; null from a client
     */
    public record Wanted(
            long fetchOffset,
            int maxBytes,
            int currentLeaderEpoch,
            int lastFetchedEpoch,
            boolean readCommitted,
            @Nullable FollowerFetch follower) {
        /** What a client wants. */
        public Wanted(
                long fetchOffset, int maxBytes, int currentLeaderEpoch, int lastFetchedEpoch, boolean readCommitted) {
            this(fetchOffset, maxBytes, currentLeaderEpoch, lastFetchedEpoch, readCommitted, null);
        }

        /** What a follower wants. */
        public static Wanted by(FollowerFetch follower, int maxBytes) {
            return new Wanted(
                    follower.fetchOffset(),
                    maxBytes,
                    follower.leaderEpoch(),
                    follower.lastFetchedEpoch(),
                    false,
                    follower);
        }
    }

    /** What a client is told in the place of records that are there. */
    private sealed interface Instead {
        /** Its log is not a prefix of this one: it shares it up to here at most (KIP-595). */
        record Diverges(OffsetAndEpoch end) implements Instead {}

        /** It had better read at another replica (KIP-392). */
        record ReadAt(int brokerId) implements Instead {}
    }

    private final int position;
    private final TopicPartition topicPartition;
    private final Wanted wanted;
    private ErrorCode error;
    private FileRecords records = FileRecords.EMPTY;
    private @Nullable ConvertedRecords converted;
    private long highWatermark = -1;
    private long lastStableOffset = -1;
    private long logStartOffset = -1;
    private int leaderEpoch = -1;
    private List<FetchResponse.AbortedTransaction> aborted = List.of();
    private @Nullable Instead instead;
    private boolean wasRefusedUnread;
    private boolean isThrottled;
    private boolean isHeldBack;
    private final @Nullable FollowerRest rest;
    private boolean isResting;

    /** As the other, of a partition that is looked at with each fetch. */
    public PartitionRead(int position, TopicPartition topicPartition, Wanted wanted, ErrorCode error) {
        this(position, topicPartition, wanted, error, null);
    }

    /**
     * A read to be done, or one already refused.
     *
     * @param position its place in the fetch, from 0
     * @param error {@link ErrorCode#NONE} unless refused already
     * @param rest what is told when the partition has to be looked at again, if it need not be for a while; null if it is looked at with each fetch
     */
    public PartitionRead(
            int position, TopicPartition topicPartition, Wanted wanted, ErrorCode error, @Nullable FollowerRest rest) {
        this.position = position;
        this.topicPartition = topicPartition;
        this.wanted = wanted;
        this.rest = rest;
        this.error = error;
        this.wasRefusedUnread = error != ErrorCode.NONE;
    }

    /** Its place in the fetch, from 0. */
    public int position() {
        return position;
    }

    /** Which partition. */
    public TopicPartition topicPartition() {
        return topicPartition;
    }

    /** What is wanted. */
    public Wanted wanted() {
        return wanted;
    }

    /** How it went. */
    public ErrorCode error() {
        return error;
    }

    /** The records found, as they are stored; empty if none, or if they had to be converted. */
    public FileRecords records() {
        return records;
    }

    /** The bytes that are answered: the range found, or what was made of it. */
    public RecordsPayload payload() {
        ConvertedRecords instead = converted;
        return instead == null ? records : new RecordsPayload.Buffer(instead.batches());
    }

    /** Bytes of {@link #payload}. */
    public int sizeBytes() {
        ConvertedRecords instead = converted;
        return instead == null ? records.sizeBytes() : instead.batches().remaining();
    }

    /** Has the answer hold what was made of old batches, in place of the range. */
    void convertedTo(ConvertedRecords batches) {
        records.release();
        records = FileRecords.EMPTY;
        converted = batches;
    }

    /** The high watermark at the time of the read, -1 if unknown. */
    public long highWatermark() {
        return highWatermark;
    }

    /** The log start offset at the time of the read, -1 if unknown. */
    public long logStartOffset() {
        return logStartOffset;
    }

    /** The partition's leader epoch at the time of the read, -1 if unknown. */
    public int leaderEpoch() {
        return leaderEpoch;
    }

    /** A refusal with what is known of the partition. */
    PartitionRead refused(ErrorCode why) {
        PartitionRead refused = new PartitionRead(position, topicPartition, wanted, why, rest);
        refused.wasRefusedUnread = false;
        return refused;
    }

    PartitionRead found(
            FileRecords found,
            int epoch,
            long highWatermark,
            long lastStableOffset,
            long logStartOffset,
            List<FetchResponse.AbortedTransaction> aborted) {
        PartitionRead result = new PartitionRead(position, topicPartition, wanted, ErrorCode.NONE, rest);
        result.records = found;
        result.leaderEpoch = epoch;
        result.highWatermark = highWatermark;
        result.lastStableOffset = lastStableOffset;
        result.logStartOffset = logStartOffset;
        result.aborted = aborted;
        return result;
    }

    /** It is for a follower that keeps to the replication throttle. */
    PartitionRead throttled(boolean heldBack) {
        isThrottled = true;
        isHeldBack = heldBack;
        return this;
    }

    /** Whether the records found count against the replication throttle. */
    public boolean isThrottled() {
        return isThrottled;
    }

    /** Whether no records were looked for, as the replication throttle is used up. */
    public boolean isHeldBack() {
        return isHeldBack;
    }

    /** What is told when the partition has to be looked at again; null if it is looked at with each fetch. */
    public @Nullable FollowerRest rest() {
        return rest;
    }

    /** The partition need not be looked at again before {@link #rest} is told so. */
    void rests() {
        isResting = true;
    }

    /** Whether the partition need not be looked at again before somebody says so. */
    public boolean isResting() {
        return isResting;
    }

    /** The client's log is not a prefix of this one: it shares it up to here at most (KIP-595). */
    PartitionRead diverging(
            int epoch, long highWatermark, long lastStableOffset, long logStartOffset, OffsetAndEpoch end) {
        PartitionRead result =
                found(FileRecords.EMPTY, epoch, highWatermark, lastStableOffset, logStartOffset, List.of());
        result.instead = new Instead.Diverges(end);
        return result;
    }

    /** The client is nearer to another replica. */
    PartitionRead elsewhere(int brokerId, int epoch, long highWatermark, long lastStableOffset, long logStartOffset) {
        PartitionRead result =
                found(FileRecords.EMPTY, epoch, highWatermark, lastStableOffset, logStartOffset, List.of());
        result.instead = new Instead.ReadAt(brokerId);
        return result;
    }

    /** Whether there is something to act on although no records were found. */
    public boolean isUrgent() {
        return error != ErrorCode.NONE || instead != null;
    }

    /** Whether it is answered without waiting for more: there is something to act on, or much work was done for it. */
    public boolean endsWait() {
        return isUrgent() || (converted != null && sizeBytes() > 0);
    }

    /** Takes over what {@code result} found, and with it the duty to release it. */
    public void take(PartitionRead result) {
        release();
        error = result.error;
        records = result.records;
        converted = result.converted;
        highWatermark = result.highWatermark;
        lastStableOffset = result.lastStableOffset;
        logStartOffset = result.logStartOffset;
        leaderEpoch = result.leaderEpoch;
        aborted = result.aborted;
        instead = result.instead;
        wasRefusedUnread = result.wasRefusedUnread;
        isThrottled = result.isThrottled;
        isHeldBack = result.isHeldBack;
        isResting = result.isResting;
    }

    /** Gives the records up, keeping the watermarks. */
    public void dropRecords() {
        release();
        aborted = List.of();
    }

    /** Gives the file back, or the memory. */
    public void release() {
        records.release();
        records = FileRecords.EMPTY;
        ConvertedRecords instead = converted;
        converted = null;
        if (instead != null) instead.release();
    }

    /**
     * The protocol's form. The duty to release the records goes with it.
     *
     * @param askedIndex the partition's number as the client gave it
     */
    public FetchResponse.PartitionData toPartitionData(int askedIndex) {
        FetchResponse.PartitionData.Builder data = FetchResponse.PartitionData.builder()
                .partitionIndex(askedIndex)
                .errorCode(error.code())
                .highWatermark(highWatermark)
                .lastStableOffset(lastStableOffset)
                .logStartOffset(logStartOffset)
                .records(payload())
                .abortedTransactions(toldAborted());
        Instead told = instead;
        if (told instanceof Instead.Diverges(OffsetAndEpoch end))
            data.divergingEpoch(FetchResponse.EpochEndOffset.builder()
                    .epoch(end.leaderEpoch())
                    .endOffset(end.offset())
                    .build());
        if (told instanceof Instead.ReadAt(int brokerId)) data.preferredReadReplica(brokerId);
        return data.build();
    }

    /** None for who reads uncommitted; what was refused without a look at the partition has an empty list, as Kafka sends it. */
    private @Nullable List<FetchResponse.AbortedTransaction> toldAborted() {
        if (wasRefusedUnread) return List.of();
        if (instead instanceof Instead.ReadAt) return null;
        return wanted.readCommitted() && error == ErrorCode.NONE ? aborted : null;
    }
}
