package io.millrace.client.consumer;

import io.millrace.client.fetching.RangeReader;
import io.millrace.records.RecordHeader;
import io.millrace.records.TimestampType;
import io.millrace.records.TopicPartition;
import java.nio.ByteBuffer;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A record in the memory it was fetched or unpacked to. One view moves from record to record, so that a record costs no object: it
 * is valid while its {@link RecordReader} is called, as are the buffers it hands out, which as a rule have no array; what is to be kept
 * has to be copied. Out of that time its methods throw {@link IllegalStateException}.
 */
public final class RecordView {
    private @Nullable AssignedPartition partition;
    private @Nullable RangeReader reader;

    RecordView() {}

    void standAt(AssignedPartition itsPartition, RangeReader itsReader) {
        partition = itsPartition;
        reader = itsReader;
    }

    void leave() {
        partition = null;
        reader = null;
    }

    private RangeReader reader() {
        RangeReader open = reader;
        if (open == null)
            throw new IllegalStateException("the record is gone: a view is valid while its reader is called");
        return open;
    }

    /** Whose record it is. */
    public TopicPartition partition() {
        AssignedPartition known = partition;
        if (known == null)
            throw new IllegalStateException("the record is gone: a view is valid while its reader is called");
        return known.partition;
    }

    /** Its place in the partition. */
    public long offset() {
        return reader().offset();
    }

    /** The epoch of the leader that appended it; -1 if it is not known. */
    public int leaderEpoch() {
        return reader().leaderEpoch();
    }

    /** Milliseconds since 1970, or -1 for none. */
    public long timestamp() {
        return reader().timestamp();
    }

    /** Who made the time stamp. */
    public TimestampType timestampType() {
        return reader().timestampType();
    }

    /** The key's bytes, big endian, from the buffer's position to its limit, which may be moved; null for none. Not to be written to. */
    public @Nullable ByteBuffer key() {
        return reader().key();
    }

    /** The value's bytes, likewise. */
    public @Nullable ByteBuffer value() {
        return reader().value();
    }

    /** The headers in the producer's order, on memory of their own: made by each call, unless there are none. */
    public List<RecordHeader> headers() {
        return reader().headers();
    }
}
