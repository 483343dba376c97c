package io.millrace.cli.tail;

import io.millrace.cli.consume.RecordText;
import io.millrace.client.consumer.ConsumerRecord;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;

/**
 * A record with its topic, partition and offset before it. For a terminal, partitions have colours, and what could steer it (control
 * characters of a record, escape sequences among them) is shown as {@code \x1b}.
 */
final class LabelledText implements RecordText {
    private static final int[] COLOURS = {32, 33, 34, 35, 36, 92, 93, 94, 95, 96};
    private static final int DELETE = 0x7f;
    private static final int LAST_C1 = 0x9f;

    private final RecordText text;
    private final boolean isLabelled;
    private final boolean isColoured;
    private final boolean isForTerminal;

    /**
     * The record as {@code text} has it.
     *
     * @param isForTerminal whether control characters are shown instead of sent
     */
    LabelledText(RecordText text, boolean isLabelled, boolean isColoured, boolean isForTerminal) {
        this.text = text;
        this.isLabelled = isLabelled;
        this.isColoured = isColoured;
        this.isForTerminal = isForTerminal;
    }

    @Override
    public void write(ConsumerRecord<byte[], byte[]> record, OutputStream out) throws IOException {
        if (isLabelled) {
            String label = record.topic() + "-" + record.partition() + "@" + record.offset();
            int colour = COLOURS[Math.floorMod(31 * record.topic().hashCode() + record.partition(), COLOURS.length)];
            String shown = isColoured ? "\u001b[" + colour + "m" + label + "\u001b[0m " : label + " ";
            out.write(shown.getBytes(StandardCharsets.UTF_8));
        }
        if (!isForTerminal) {
            text.write(record, out);
            return;
        }
        ByteArrayOutputStream raw = new ByteArrayOutputStream();
        text.write(record, raw);
        out.write(harmless(raw.toString(StandardCharsets.UTF_8)).getBytes(StandardCharsets.UTF_8));
    }

    private static String harmless(String text) {
        StringBuilder shown = new StringBuilder(text.length());
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            boolean isControl = (c < ' ' && c != '\n' && c != '\t') || (c >= DELETE && c <= LAST_C1);
            if (isControl) shown.append(String.format("\\x%02x", (int) c));
            else shown.append(c);
        }
        return shown.toString();
    }
}
