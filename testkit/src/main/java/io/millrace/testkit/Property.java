package io.millrace.testkit;

import java.util.OptionalLong;

/**
 * What always holds, tried on random values. Every run has a seed of its own; a failing run names it, and that one run
 * is repeated, alone, with {@code -Dmillrace.seed=0x...}. Without it the seeds follow from the name of the test method, and
 * {@code -Dmillrace.seed=fresh} tries others each time ({@link Seeds}).
 */
public final class Property {
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
     * Tries the property with as many seeds, or once with the one to repeat.
     *
     * @param runs how many seeds to try, at least 1
     * @throws AssertionError at the first run that fails; it names the seed, and the failure is its cause
     */
    public static void check(int runs, Body body) {
        check(runs, body, Seeds.stated());
    }

    static void check(int runs, Body body, Seeds choice) {
        if (runs < 1) throw new IllegalArgumentException(runs + " runs check nothing");
        OptionalLong toRepeat = choice.toRepeat();
        if (toRepeat.isPresent()) {
            checkOnce(toRepeat.getAsLong(), body);
            return;
        }
        SeededRandom seeds = choice.of(callerName());
        for (int run = 0; run < runs; run++) checkOnce(seeds.nextLong(), body);
    }

    /** Class and method that asked for the check. A lambda goes by its method, as its number changes with its neighbours. */
    private static String callerName() {
        return StackWalker.getInstance()
                .walk(frames -> frames.filter(frame -> !frame.getClassName().equals(Property.class.getName()))
                        .findFirst()
                        .map(frame -> frame.getClassName() + "#"
                                + frame.getMethodName().replaceFirst("^lambda\\$(.*)\\$\\d+$", "$1"))
                        .orElse(""));
    }

    private static void checkOnce(long seed, Body body) {
        try {
            body.run(new SeededRandom(seed));
        } catch (VirtualMachineError failure) {
            throw failure;
        } catch (Throwable failure) {
            String name = "0x" + Long.toHexString(seed);
            throw new AssertionError(
                    "seed " + name + ", rerun with -D" + Seeds.PROPERTY + "=" + name + ": " + failure.getMessage(),
                    failure);
        }
    }
}
