package io.millrace.cli.terminal;

import java.util.Locale;

/** Numbers with what they count, for sentences. */
public final class Counts {
    private Counts() {}

    /** Such as "1 partition changes" or "1,200 partitions change". */
    public static String of(long count, String one, String several) {
        return String.format(Locale.ROOT, "%,d ", count) + (count == 1 ? one : several);
    }
}
