package io.millrace.cli.consume;

import io.millrace.client.consumer.ConsumerRecord;
import io.millrace.records.RecordHeader;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A record in the words of a pattern: {@code %t} topic, {@code %p} partition, {@code %o} offset, {@code %T} time stamp, {@code %k}
 * key, {@code %v} value, {@code %h} headers, {@code %%} a percent sign; {@code \n}, {@code \t}, {@code \r} and {@code \\} as usual.
 * Keys and values are written as their bytes.
 */
public final class PatternText implements RecordText {
    private final List<RecordText> parts = new ArrayList<>();
    private final byte[] nothing;

    /**
     * Understands a pattern. A line break is added unless it ends with one.
     *
     * @param nullText stands for a key or value that is none
     * @throws IllegalArgumentException saying what in it is not understood
     */
    public PatternText(String pattern, String nullText) {
        nothing = bytes(nullText);
        StringBuilder literal = new StringBuilder();
        for (int i = 0; i < pattern.length(); i++) {
            char c = pattern.charAt(i);
            if (c != '%' && c != '\\') {
                literal.append(c);
                continue;
            }
            if (++i == pattern.length()) throw new IllegalArgumentException("'" + pattern + "' ends within a " + c);
            char what = pattern.charAt(i);
            if (c == '\\') {
                literal.append(escaped(what));
            } else if (what == '%') {
                literal.append('%');
            } else {
                addLiteral(literal);
                parts.add(field(what));
            }
        }
        boolean endsLine = !literal.isEmpty() && literal.charAt(literal.length() - 1) == '\n';
        if (!endsLine) literal.append('\n');
        addLiteral(literal);
    }

    private void addLiteral(StringBuilder literal) {
        byte[] text = bytes(literal.toString());
        literal.setLength(0);
        parts.add((record, out) -> out.write(text));
    }

    private static char escaped(char what) {
        return switch (what) {
            case 'n' -> '\n';
            case 't' -> '\t';
            case 'r' -> '\r';
            case '\\' -> '\\';
            default ->
                throw new IllegalArgumentException("\\" + what + " stands for nothing; want \\n, \\t, \\r or \\\\");
        };
    }

    private RecordText field(char what) {
        return switch (what) {
            case 't' -> (record, out) -> out.write(bytes(record.topic()));
            case 'p' -> (record, out) -> out.write(bytes(String.valueOf(record.partition())));
            case 'o' -> (record, out) -> out.write(bytes(String.valueOf(record.offset())));
            case 'T' -> (record, out) -> out.write(bytes(String.valueOf(record.timestamp())));
            case 'k' -> (record, out) -> out.write(orNothing(record.key()));
            case 'v' -> (record, out) -> out.write(orNothing(record.value()));
            case 'h' -> this::writeHeaders;
            default ->
                throw new IllegalArgumentException(
                        "%" + what + " stands for nothing; want %t, %p, %o, %T, %k, %v, %h or %%");
        };
    }

    private byte[] orNothing(byte @Nullable [] bytes) {
        return bytes == null ? nothing : bytes;
    }

    private void writeHeaders(ConsumerRecord<byte[], byte[]> record, OutputStream out) throws IOException {
        boolean isFirst = true;
        for (RecordHeader header : record.headers()) {
            if (!isFirst) out.write(',');
            isFirst = false;
            out.write(bytes(header.key()));
            out.write('=');
            ByteBuffer value = header.value();
            out.write(value == null ? nothing : bytesOf(value));
        }
    }

    static byte[] bytesOf(ByteBuffer buffer) {
        byte[] bytes = new byte[buffer.remaining()];
        buffer.get(buffer.position(), bytes);
        return bytes;
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    @Override
    public void write(ConsumerRecord<byte[], byte[]> record, OutputStream out) throws IOException {
        for (RecordText part : parts) part.write(record, out);
    }
}
