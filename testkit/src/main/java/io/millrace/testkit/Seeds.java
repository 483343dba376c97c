package io.millrace.testkit;

import java.util.Locale;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * Which seeds a run of the tests tries. Without a word they follow from the test's name: a build is repeatable, and never
 * refuses a change for what it has nothing to do with. {@code -Dmillrace.seed=fresh} draws others each time, which is for
 * campaigns; {@code -Dmillrace.seed=0x...} is one seed, to repeat its run.
 */
public final class Seeds {
    /** The system property that says which. */
    public static final String PROPERTY = "millrace.seed";

    private static final String FRESH = "fresh";
    private static final long FNV_OFFSET_BASIS = 0xcbf29ce484222325L;
    private static final long FNV_PRIME = 0x100000001b3L;

    private final @Nullable String stated;

    Seeds(@Nullable String stated) {
        this.stated = stated;
    }

    /** As the system property says. */
    public static Seeds stated() {
        return new Seeds(System.getProperty(PROPERTY));
    }

    /**
     * The one seed to try and no other; nothing if there is no such wish.
     *
     * @throws IllegalArgumentException if the property is neither {@code fresh} nor a number, hexadecimal after {@code 0x}
     */
    public OptionalLong toRepeat() {
        if (stated == null) return OptionalLong.empty();
        String text = stated.strip().toLowerCase(Locale.ROOT);
        if (text.equals(FRESH)) return OptionalLong.empty();
        try {
            return OptionalLong.of(
                    text.startsWith("0x") ? Long.parseUnsignedLong(text.substring(2), 16) : Long.parseLong(text));
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException(
                    "-D" + PROPERTY + "=" + stated + " is neither '" + FRESH + "' nor a seed as 0x5eed2f or 123", e);
        }
    }

    /** Where the seeds of a test come from, one after the other: always the same for a name, unless fresh ones are wished for. */
    public SeededRandom of(String testName) {
        return new SeededRandom(
                stated == null
                        ? hash(testName)
                        : System.nanoTime() ^ (ProcessHandle.current().pid() << 32));
    }

    /** The seed of a test that needs one only: the stated one, or the first of its name. */
    public long one(String testName) {
        return toRepeat().orElseGet(() -> of(testName).nextLong());
    }

    /** FNV-1a over the UTF-16 units: the same in every process and on every JDK. */
    private static long hash(String text) {
        long hash = FNV_OFFSET_BASIS;
        for (int i = 0; i < text.length(); i++) hash = (hash ^ text.charAt(i)) * FNV_PRIME;
        return hash;
    }
}
