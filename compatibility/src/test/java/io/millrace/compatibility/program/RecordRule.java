package io.millrace.compatibility.program;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The records that every client writes into one partition, and that every client finds there again.
 *
 * <p>For each codec and each acks value, by one producer and in this order: a plain record with headers, one with an empty
 * value, one with a null value, one of a million bytes, one without a key. They have time stamps of their own.
 */
public final class RecordRule {
    public static final List<String> CODECS = List.of("none", "gzip", "snappy", "lz4", "zstd");
    public static final List<String> ACKS = List.of("0", "1", "all");

    /** Time stamp of the first record, in ms; each further one is a millisecond later. */
    public static final long FIRST_TIMESTAMP_MS = 1_700_000_000_000L;

    private static final int BIG_BYTES = 1_000_000;

    private RecordRule() {}

    /** A record as a client writes or reads it. Headers are name to value, for names are not repeated here. */
    @SuppressWarnings("ArrayRecordComponent") // equals and hashCode look at the contents
    public record Seen(byte @Nullable [] key, byte @Nullable [] value, Map<String, String> headers, long timestampMs) {
        /** Its identity among the records of the rule: its key, or its value when it has no key. */
        String name() {
            byte[] name = key != null ? key : value;
            return name == null ? "(neither key nor value)" : text(name);
        }

        @Override
        public boolean equals(@Nullable Object other) {
            return other instanceof Seen that
                    && Arrays.equals(key, that.key)
                    && Arrays.equals(value, that.value)
                    && headers.equals(that.headers)
                    && timestampMs == that.timestampMs;
        }

        @Override
        public int hashCode() {
            return Objects.hash(Arrays.hashCode(key), Arrays.hashCode(value), headers, timestampMs);
        }

        @Override
        public String toString() {
            return "[key " + shown(key) + ", value " + shown(value) + ", headers " + headers + ", time stamp "
                    + timestampMs + "]";
        }
    }

    /** The value of the big record: letters, so that text-only clients can write it. */
    public static byte[] bigValue() {
        var value = new byte[BIG_BYTES];
        for (int at = 0; at < value.length; at++) value[at] = (byte) ('a' + (at * 7 + at / 1000) % 26);
        return value;
    }

    /** The five records of one codec and acks value, in order. */
    public static List<Seen> records(String codec, String acks) {
        String suffix = codec + "-" + acks;
        long first = FIRST_TIMESTAMP_MS + 5L * (CODECS.indexOf(codec) * ACKS.size() + ACKS.indexOf(acks));
        return List.of(
                new Seen(
                        bytes("plain-" + suffix),
                        bytes("value of " + suffix),
                        Map.of("codec", codec, "empty", ""),
                        first),
                new Seen(bytes("empty-" + suffix), new byte[0], Map.of(), first + 1),
                new Seen(bytes("null-" + suffix), null, Map.of(), first + 2),
                new Seen(bytes("big-" + suffix), bigValue(), Map.of(), first + 3),
                new Seen(null, bytes("nokey-" + suffix), Map.of(), first + 4));
    }

    /** How many records there are for these codecs. */
    public static int count(List<String> codecs) {
        return 5 * ACKS.size() * codecs.size();
    }

    /**
     * What is wrong with the records found in a partition; nothing when they follow the rule.
     *
     * @param byOneProducer whether one producer wrote all of a codec and acks value, so that there is an order, and chose
     *     the time stamps
     */
    public static List<String> problems(List<Seen> found, List<String> codecs, boolean byOneProducer) {
        var problems = new ArrayList<String>();
        var places = new TreeMap<String, Integer>();
        for (int at = 0; at < found.size(); at++) {
            if (places.put(found.get(at).name(), at) != null) problems.add("twice: " + found.get(at));
        }
        int wanted = 0;
        for (String codec : codecs) {
            for (String acks : ACKS) {
                int before = -1;
                for (Seen record : records(codec, acks)) {
                    wanted++;
                    Integer place = places.get(record.name());
                    if (place == null) {
                        problems.add("missing: " + record);
                        continue;
                    }
                    Seen there = found.get(place);
                    Seen comparable = byOneProducer
                            ? there
                            : new Seen(there.key(), there.value(), there.headers(), record.timestampMs());
                    if (!record.equals(comparable)) problems.add("want " + record + ", found " + there);
                    if (byOneProducer && place < before) problems.add("out of order: " + there);
                    before = place;
                }
            }
        }
        if (found.size() != wanted) problems.add("want " + wanted + " records, found " + found.size());
        return problems;
    }

    private static String shown(byte @Nullable [] bytes) {
        if (bytes == null) return "null";
        if (bytes.length <= 64) return '"' + text(bytes) + '"';
        return bytes.length + " bytes with hash " + Arrays.hashCode(bytes);
    }

    static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    static String text(byte[] bytes) {
        return new String(bytes, StandardCharsets.UTF_8);
    }
}
