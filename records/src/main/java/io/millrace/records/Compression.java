package io.millrace.records;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * How the records of a batch are packed. Naming a codec costs nothing: its native library is loaded when something is
 * first packed or unpacked with it. The levels are those of KIP-390.
 */
public enum Compression {
    /** Records as they are. */
    NONE(0, "none", 0, 0, 0),
    /** RFC 1952. */
    GZIP(1, "gzip", 1, 9, -1),
    /** Snappy blocks in the framing of snappy-java; a single bare block, as other clients write it, is read as well. */
    SNAPPY(2, "snappy", 0, 0, 0),
    /** LZ4 frames; any legal frame that needs no dictionary is read. */
    LZ4(3, "lz4", 1, 17, 9),
    /** Zstandard frames (KIP-110). */
    ZSTD(4, "zstd", -131072, 22, 3);

    private static final List<Optional<Compression>> BY_ID =
            Arrays.stream(values()).map(Optional::of).toList();

    private final int id;
    private final String label;
    private final int minLevel;
    private final int maxLevel;
    private final int defaultLevel;

    Compression(int id, String label, int minLevel, int maxLevel, int defaultLevel) {
        this.id = id;
        this.label = label;
        this.minLevel = minLevel;
        this.maxLevel = maxLevel;
        this.defaultLevel = defaultLevel;
    }

    /** The number in the lowest three attribute bits of a batch, 0 to 4. */
    public int id() {
        return id;
    }

    /** The name in {@code compression.type}. */
    public String label() {
        return label;
    }

    /** The level used when none is configured. */
    public int defaultLevel() {
        return defaultLevel;
    }

    /** The lowest level one may configure; 0 for codecs without levels. */
    public int minLevel() {
        return minLevel;
    }

    /** The highest level one may configure; 0 for codecs without levels. */
    public int maxLevel() {
        return maxLevel;
    }

    /** Whether the codec takes this level; the default always is one. */
    public boolean isLevel(int level) {
        return level == defaultLevel || (level >= minLevel && level <= maxLevel);
    }

    /** The codec of an id from a batch's attributes; none for 5, 6 and 7, which Kafka has not given away. */
    public static Optional<Compression> forId(int id) {
        return id >= 0 && id < BY_ID.size() ? BY_ID.get(id) : Optional.empty();
    }

    /** The codec of a name as configured, in lower case; {@code uncompressed} and {@code producer} are not codecs. */
    public static Optional<Compression> forName(String name) {
        return BY_ID.stream()
                .filter(compression -> compression.orElseThrow().label.equals(name))
                .findFirst()
                .orElse(Optional.empty());
    }

    @Override
    public String toString() {
        return label;
    }
}
