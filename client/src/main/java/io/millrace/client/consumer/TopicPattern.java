package io.millrace.client.consumer;

import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.regex.Pattern;

/**
 * A pattern of topic names that cannot hang who asks it. The JDK's matcher tries one way after the other, for some patterns in
 * more ways than can ever be tried, and cannot be interrupted; but it reads the name character by character, and those are
 * counted. A pattern that reads too many is given up for good.
 */
final class TopicPattern implements Predicate<String> {
    /**
     * How many characters may be read of one name: some milliseconds. A name has 249 characters at most, and a pattern that tries
     * all pairs of places in it reads about 60,000.
     */
    static final int MOST_READS = 1_000_000;

    private final Pattern pattern;
    private final Consumer<String> whenGivenUp;
    private boolean isGivenUp;

    /**
     * A pattern that matches whole names.
     *
     * @param whenGivenUp is told why, once
     */
    TopicPattern(Pattern pattern, Consumer<String> whenGivenUp) {
        this.pattern = pattern;
        this.whenGivenUp = whenGivenUp;
    }

    /** Whether the name matches; no name does once it is given up. */
    @Override
    public boolean test(String name) {
        if (isGivenUp) return false;
        try {
            return pattern.matcher(new CountedText(name, new Reads())).matches();
        } catch (TooManyReads | StackOverflowError tooCostly) {
            isGivenUp = true;
            whenGivenUp.accept(
                    "the pattern " + pattern + " takes too long to match topic " + name
                            + ": its repetitions can be tried in too many ways. Write it without repetitions within repetitions");
            return false;
        }
    }

    private static final class TooManyReads extends RuntimeException {
        private static final long serialVersionUID = 1L;

        TooManyReads() {
            super(null, null, false, false);
        }
    }

    /** How many characters have been read. */
    private static final class Reads {
        private int count;
    }

    private record CountedText(CharSequence text, Reads reads) implements CharSequence {
        @Override
        public int length() {
            return text.length();
        }

        @Override
        public char charAt(int index) {
            if (++reads.count > MOST_READS) throw new TooManyReads();
            return text.charAt(index);
        }

        @Override
        public CharSequence subSequence(int start, int end) {
            return new CountedText(text.subSequence(start, end), reads);
        }

        @Override
        public String toString() {
            return text.toString();
        }
    }
}
