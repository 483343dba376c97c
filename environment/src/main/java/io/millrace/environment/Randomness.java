package io.millrace.environment;

/** Gives random numbers: good ones in the host, reproducible ones in the simulator. */
public interface Randomness {
    /** Any of the 2^64 values, all equally likely. */
    long nextLong();

    /**
     * A number in {@code [0, bound)}.
     *
     * @param bound at least 1
     */
    int nextInt(int bound);
}
