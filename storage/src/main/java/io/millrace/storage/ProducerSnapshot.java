package io.millrace.storage;

import io.millrace.environment.Disk;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.zip.CRC32C;

/**
 * The file {@code <offset>.snapshot}: producers as of an offset (schema ProducerSnapshot of Kafka's storage, version 1).
 * Layout: 0 version i16 (1), 2 CRC-32C of what follows u32, 6 number of producers i32, 10 producers of 46 bytes: 0 id
 * i64, 8 epoch i16, 10 last sequence i32, 14 last offset i64, 22 offset delta i32, 26 time stamp i64, 34 coordinator
 * epoch i32, 38 first offset of the open transaction i64.
 */
public final class ProducerSnapshot {
    private static final short VERSION = 1;
    private static final int CRC_AT = 2;
    private static final int COUNT_AT = 6;
    private static final int PRODUCERS_AT = 10;
    private static final int PRODUCER_BYTES = 46;
    private static final int MAX_FILE_BYTES = Integer.MAX_VALUE - 64;

    /**
     * One producer.
     *
     * @param producerId                    its id
     * @param epoch                         its epoch, -1 if none is known
     * @param lastSequence                  sequence of its last record, -1 if none is kept
     * @param lastOffset                    offset of its last record, -1 if none is kept
     * @param offsetDelta                   last less first offset of its last batch
     * @param timestamp                     time stamp of its last batch or marker, in milliseconds since the epoch
     * @param coordinatorEpoch              epoch of the coordinator that wrote its last marker, -1 if none
     * @param currentTransactionFirstOffset first offset of its open transaction, -1 if none
     */
    public record Producer(
            long producerId,
            short epoch,
            int lastSequence,
            long lastOffset,
            int offsetDelta,
            long timestamp,
            int coordinatorEpoch,
            long currentTransactionFirstOffset) {}

    private ProducerSnapshot() {}

    static byte[] encode(Collection<ProducerEntry> producers) {
        ByteBuffer out = ByteBuffer.allocate(PRODUCERS_AT + producers.size() * PRODUCER_BYTES);
        out.putShort(VERSION).putInt(0).putInt(producers.size());
        for (ProducerEntry entry : producers) {
            Producer producer = entry.toSnapshot();
            out.putLong(producer.producerId())
                    .putShort(producer.epoch())
                    .putInt(producer.lastSequence())
                    .putLong(producer.lastOffset())
                    .putInt(producer.offsetDelta())
                    .putLong(producer.timestamp())
                    .putInt(producer.coordinatorEpoch())
                    .putLong(producer.currentTransactionFirstOffset());
        }
        out.putInt(CRC_AT, crc(out.array()));
        return out.array();
    }

    private static int crc(byte[] content) {
        CRC32C crc = new CRC32C();
        crc.update(content, COUNT_AT, content.length - COUNT_AT);
        return (int) crc.getValue();
    }

    /**
     * Reads a snapshot file.
     *
     * @throws CorruptLog if version, CRC or length are wrong
     */
    public static List<Producer> read(Disk disk, Path file) throws IOException {
        byte[] content = disk.readAll(file, MAX_FILE_BYTES);
        if (content.length < PRODUCERS_AT)
            throw new CorruptLog(file, content.length, "a snapshot has at least " + PRODUCERS_AT + " bytes");
        ByteBuffer in = ByteBuffer.wrap(content);
        short version = in.getShort();
        if (version != VERSION) throw new CorruptLog(file, 0, "version " + version + ", want " + VERSION);
        int stored = in.getInt();
        int computed = crc(content);
        if (stored != computed)
            throw new CorruptLog(
                    file,
                    CRC_AT,
                    "CRC is " + Integer.toHexString(stored) + ", the content's is " + Integer.toHexString(computed));
        int count = in.getInt();
        if (count < 0 || (long) count * PRODUCER_BYTES != in.remaining())
            throw new CorruptLog(file, COUNT_AT, count + " producers do not fit " + in.remaining() + " bytes");
        List<Producer> producers = new ArrayList<>(count);
        for (int i = 0; i < count; i++)
            producers.add(new Producer(
                    in.getLong(),
                    in.getShort(),
                    in.getInt(),
                    in.getLong(),
                    in.getInt(),
                    in.getLong(),
                    in.getInt(),
                    in.getLong()));
        return producers;
    }
}
