package io.millrace.testkit;

import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * What always holds, tried on random values. Every run has a seed of its own; a failing run names it, and that one run
 * is repeated, alone, with {@code -Dmillrace.seed=0x...}. Without it each build tries other values.
 */
public final class Property {
    /** The system property that holds the seed of the one run to repeat. */
    public static final String SEED = "millrace.seed";

    /** How many runs {@link #check(Body)} makes. */
    public static final int DEFAULT_RUNS = 100;

    /** What is to hold for every sequence of random values. */
    @FunctionalInterface
    public interface Body {
        /** Returns if the property held for these values, throws anything if not. */
        void run(SeededRandom random) throws Throwable;
    }

    private Property() {}

    /** {@link #check(int, Body)} with {@link #DEFAULT_RUNS}. */
    public static void check(Body body) {
        check(DEFAULT_RUNS, body);
    }

    /**
     * Tries the property with fresh seeds, or once with the seed given by the system property.
     *
     * @param runs how many seeds to try, at least 1
     * @throws AssertionError at the first run that fails; it names the seed, and the failure is its cause
     */
    public static void check(int runs, Body body) {
        check(runs, body, System.getProperty(SEED));
    }

    static void check(int runs, Body body, @Nullable String seedToRepeat) {
        if (runs < 1) throw new IllegalArgumentException(runs + " runs check nothing");
        if (seedToRepeat != null) {
            checkOnce(parseSeed(seedToRepeat), body);
            return;
        }
        SeededRandom seeds =
                new SeededRandom(System.nanoTime() ^ (ProcessHandle.current().pid() << 32));
        for (int run = 0; run < runs; run++) checkOnce(seeds.nextLong(), body);
    }

    private static void checkOnce(long seed, Body body) {
        try {
            body.run(new SeededRandom(seed));
        } catch (VirtualMachineError failure) {
            throw failure;
        } catch (Throwable failure) {
            String name = "0x" + Long.toHexString(seed);
            throw new AssertionError(
                    "seed " + name + ", rerun with -D" + SEED + "=" + name + ": " + failure.getMessage(), failure);
        }
    }

    private static long parseSeed(String text) {
        String digits = text.strip().toLowerCase(Locale.ROOT);
        return digits.startsWith("0x") ? Long.parseUnsignedLong(digits.substring(2), 16) : Long.parseLong(digits);
    }
}
