package io.millrace.cli.produce;

import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** Cuts a stream into lines without looking at what is in them. A line ends with LF or CRLF, or with the stream. */
final class LineReader {
    private static final int BUFFER_BYTES = 64 * 1024;

    private final InputStream in;
    private final String name;
    private final int maxLineBytes;
    private byte[] buffer = new byte[BUFFER_BYTES];
    private int from;
    private int until;
    private boolean isAtEnd;
    private long lineNumber;

    /**
     * Reads from the stream as lines are asked for.
     *
     * @param name of the stream, for complaints
     */
    LineReader(InputStream in, String name, int maxLineBytes) {
        this.in = in;
        this.name = name;
        this.maxLineBytes = maxLineBytes;
    }

    /** Where the last line stood, as {@code name:line}. */
    String place() {
        return name + ":" + lineNumber;
    }

    /**
     * The next line, without its end; null after the last.
     *
     * @throws IOException if the stream cannot be read, or a line is too long
     */
    byte @Nullable [] next() throws IOException {
        int searched = from;
        while (true) {
            for (int i = searched; i < until; i++) {
                if (buffer[i] == '\n') return line(i, i + 1);
            }
            searched = until;
            if (isAtEnd) return from == until ? null : line(until, until);
            int moved = from;
            fill();
            searched -= moved - from;
        }
    }

    private byte[] line(int end, int nextFrom) {
        int lineEnd = end > from && buffer[end - 1] == '\r' && end < nextFrom ? end - 1 : end;
        byte[] line = Arrays.copyOfRange(buffer, from, lineEnd);
        from = nextFrom;
        lineNumber++;
        return line;
    }

    private void fill() throws IOException {
        if (from > 0) {
            System.arraycopy(buffer, from, buffer, 0, until - from);
            until -= from;
            from = 0;
        }
        if (until == buffer.length) {
            if (until > maxLineBytes) {
                throw new IOException(
                        name + ":" + (lineNumber + 1) + ": the line has more than " + maxLineBytes + " bytes");
            }
            buffer = Arrays.copyOf(buffer, 2 * buffer.length);
        }
        int count = in.read(buffer, until, buffer.length - until);
        if (count < 0) isAtEnd = true;
        else until += count;
    }
}
