package io.millrace.storage;

import java.util.OptionalLong;

/**
 * Names of the files of one segment: the base offset in 20 digits, then a suffix; while in transition a second suffix
 * follows ({@code .deleted}, {@code .cleaned}, {@code .swap}).
 */
public final class SegmentFileNames {
    /** Batches. */
    public static final String LOG = ".log";
    /** Offset index. */
    public static final String INDEX = ".index";
    /** Time index. */
    public static final String TIME_INDEX = ".timeindex";
    /** Aborted transactions. */
    public static final String TRANSACTION_INDEX = ".txnindex";
    /** Producers as of the offset in the name. */
    public static final String SNAPSHOT = ".snapshot";
    /** Waiting for its delay to pass before it is deleted. */
    public static final String DELETED = ".deleted";
    /** Written by a compaction that has not finished. */
    public static final String CLEANED = ".cleaned";
    /** Written by a compaction that has finished but not been put in place. */
    public static final String SWAP = ".swap";

    private static final int DIGITS = 20;

    private SegmentFileNames() {}

    /** The name for a base offset and suffix. */
    public static String of(long baseOffset, String suffix) {
        String digits = Long.toString(baseOffset);
        return "0".repeat(DIGITS - digits.length()) + digits + suffix;
    }

    /** The offset in a name that consists of 20 digits and this suffix, or nothing for any other name. */
    public static OptionalLong offsetIn(String name, String suffix) {
        if (name.length() != DIGITS + suffix.length() || !name.endsWith(suffix)) return OptionalLong.empty();
        long offset = 0;
        for (int i = 0; i < DIGITS; i++) {
            int digit = name.charAt(i) - '0';
            if (digit < 0 || digit > 9 || offset > (Long.MAX_VALUE - digit) / 10) return OptionalLong.empty();
            offset = offset * 10 + digit;
        }
        return OptionalLong.of(offset);
    }
}
