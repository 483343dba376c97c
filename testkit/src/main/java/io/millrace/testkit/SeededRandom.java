package io.millrace.testkit;

import io.millrace.environment.Randomness;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * Random values of a test, all of them a function of one seed (SplitMix64). The sequence is part of what a printed seed
 * means, so it depends on nothing but the seed: neither on the JDK's version nor on its random generators. Not for use
 * from several threads; {@link #split()} gives another thread, or another actor, a sequence of its own.
 */
public final class SeededRandom implements Randomness {
    private static final long GOLDEN_GAMMA = 0x9e3779b97f4a7c15L;
    private static final String ODD_CHARACTERS = "\u0000\t \"'\\/%éßñЖ漢字\u200b\uffee";

    private final long seed;
    private long state;

    /** Starts the sequence of a seed; every seed is as good as every other. */
    public SeededRandom(long seed) {
        this.seed = seed;
        this.state = seed;
    }

    /** The seed this sequence began with. */
    public long seed() {
        return seed;
    }

    /** A new sequence, independent of what this one gives from now on. */
    public SeededRandom split() {
        return new SeededRandom(nextLong());
    }

    @Override
    public long nextLong() {
        state += GOLDEN_GAMMA;
        long mixed = state;
        mixed = (mixed ^ (mixed >>> 30)) * 0xbf58476d1ce4e5b9L;
        mixed = (mixed ^ (mixed >>> 27)) * 0x94d049bb133111ebL;
        return mixed ^ (mixed >>> 31);
    }

    /** Any of the 2^32 values. */
    public int nextInt() {
        return (int) (nextLong() >>> 32);
    }

    /**
     * A number in {@code [0, bound)}.
     *
     * @throws IllegalArgumentException if {@code bound} is below 1
     */
    @Override
    public int nextInt(int bound) {
        return (int) nextLong(bound);
    }

    /**
     * A number in {@code [from, until)}.
     *
     * @throws IllegalArgumentException if the range is empty
     */
    public int nextInt(int from, int until) {
        return (int) nextLong(from, until);
    }

    /**
     * A number in {@code [0, bound)}.
     *
     * @throws IllegalArgumentException if {@code bound} is below 1
     */
    public long nextLong(long bound) {
        if (bound < 1) throw new IllegalArgumentException("bound " + bound + " is below 1");
        return Math.unsignedMultiplyHigh(nextLong(), bound);
    }

    /**
     * A number in {@code [from, until)}; the range may span more than half of all longs.
     *
     * @throws IllegalArgumentException if the range is empty
     */
    public long nextLong(long from, long until) {
        if (from >= until) throw new IllegalArgumentException("nothing in [" + from + ", " + until + ")");
        return from + Math.unsignedMultiplyHigh(nextLong(), until - from);
    }

    /** A number of random magnitude: small ones, huge ones and negative ones are all likely. */
    public long anyLong() {
        return nextLong() >> nextInt(Long.SIZE);
    }

    /** A number of random magnitude: small ones, huge ones and negative ones are all likely. */
    public int anyInt() {
        return nextInt() >> nextInt(Integer.SIZE);
    }

    /** True or false, equally likely. */
    public boolean nextBoolean() {
        return nextLong() < 0;
    }

    /** A number in {@code [0, 1)}. */
    public double nextDouble() {
        return (nextLong() >>> 11) * 0x1.0p-53;
    }

    /** True with the given probability, 0 for never and 1 for always. */
    public boolean chance(double probability) {
        return nextDouble() < probability;
    }

    /** That many random bytes. */
    public byte[] bytes(int size) {
        byte[] bytes = new byte[size];
        for (int i = 0; i < size; i++) bytes[i] = (byte) (nextLong() >>> 56);
        return bytes;
    }

    /** Bytes with repetitions, such as compress well. */
    public byte[] compressibleBytes(int size) {
        byte[] bytes = new byte[size];
        int at = 0;
        while (at < size) {
            int run = Math.min(size - at, 1 + nextInt(40));
            int distance = at == 0 ? 0 : 1 + nextInt(Math.min(at, 5000));
            boolean repeats = distance > 0 && chance(0.8);
            for (int i = 0; i < run; i++, at++)
                bytes[at] = repeats ? bytes[at - distance] : (byte) nextInt('a', 'z' + 1);
        }
        return bytes;
    }

    /** That many numbers, each in {@code [from, until)}. */
    public long[] longs(int count, long from, long until) {
        long[] numbers = new long[count];
        for (int i = 0; i < count; i++) numbers[i] = nextLong(from, until);
        return numbers;
    }

    /** A string of letters and digits. */
    public String word(int length) {
        StringBuilder word = new StringBuilder(length);
        for (int i = 0; i < length; i++) word.append("abcdefghijklmnopqrstuvwxyz0123456789".charAt(nextInt(36)));
        return word.toString();
    }

    /**
     * A well-formed string of mostly letters, with white space, quotes, control characters and characters from inside
     * and outside the basic plane among them.
     *
     * @param maxChars the longest the string may get, in UTF-16 units
     */
    public String string(int maxChars) {
        int chars = nextInt(maxChars + 1);
        StringBuilder string = new StringBuilder(chars);
        while (string.length() < chars) {
            double kind = nextDouble();
            if (kind < 0.8) string.append((char) nextInt('a', 'z' + 1));
            else if (kind < 0.97 || string.length() + 2 > chars)
                string.append(ODD_CHARACTERS.charAt(nextInt(ODD_CHARACTERS.length())));
            else string.appendCodePoint(nextInt(0x1f300, 0x1f600));
        }
        return string.toString();
    }

    /**
     * One of the list's elements.
     *
     * @throws IllegalArgumentException if the list is empty
     */
    public <T> T pick(List<T> choices) {
        return choices.get(nextInt(choices.size()));
    }

    /**
     * One of the choices.
     *
     * @throws IllegalArgumentException if there is none
     */
    @SafeVarargs
    public final <T> T pick(T... choices) {
        return choices[nextInt(choices.length)];
    }

    /** A new list of the same elements in random order. */
    public <T> List<T> shuffled(List<T> elements) {
        List<T> shuffled = new ArrayList<>(elements);
        for (int i = shuffled.size() - 1; i > 0; i--) Collections.swap(shuffled, i, nextInt(i + 1));
        return shuffled;
    }
}
