package io.millrace.cli.produce;

import io.millrace.client.producer.ProducerRecord;
import io.millrace.records.RecordHeader;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** How a line becomes a record. */
interface LineFormat {
    /**
     * The record of a line.
     *
     * @throws IllegalArgumentException saying what is wrong with the line
     */
    ProducerRecord<byte[], byte[]> record(byte[] line);

    /** What all records of a run have in common; a line may say otherwise. */
    record Common(String topic, int partition, List<RecordHeader> headers) {}

    /**
     * The line is the value, or a key, a separator and the value.
     *
     * @param keySeparator null for no keys
     * @param nullText what stands for no value, or no key; null if nothing does
     */
    static LineFormat plain(Common common, @Nullable String keySeparator, @Nullable String nullText) {
        byte[] separator = keySeparator == null ? null : keySeparator.getBytes(StandardCharsets.UTF_8);
        byte[] nothing = nullText == null ? null : nullText.getBytes(StandardCharsets.UTF_8);
        return line -> {
            byte[] key = null;
            byte[] value = line;
            if (separator != null) {
                int at = indexOf(line, separator);
                if (at < 0) throw new IllegalArgumentException("there is no '" + keySeparator + "' after a key");
                key = orNull(Arrays.copyOf(line, at), nothing);
                value = Arrays.copyOfRange(line, at + separator.length, line.length);
            }
            return new ProducerRecord<>(
                    common.topic(),
                    common.partition(),
                    ProducerRecord.NOW,
                    key,
                    orNull(value, nothing),
                    common.headers());
        };
    }

    private static byte @Nullable [] orNull(byte[] bytes, byte @Nullable [] nothing) {
        return nothing != null && Arrays.equals(bytes, nothing) ? null : bytes;
    }

    private static int indexOf(byte[] in, byte[] what) {
        for (int at = 0; at + what.length <= in.length; at++) {
            if (Arrays.equals(in, at, at + what.length, what, 0, what.length)) return at;
        }
        return -1;
    }
}
