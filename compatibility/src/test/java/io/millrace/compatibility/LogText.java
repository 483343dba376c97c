package io.millrace.compatibility;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.kafka.common.record.internal.ControlRecordType;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.RecordBatch;

/** What is in a partition's log, a line a batch, for the message of a test that has failed. */
final class LogText {
    private LogText() {}

    /**
     * The batches from the start of the log on.
     *
     * @param logs the broker's log directory
     * @param most of the lines
     */
    static String of(Path logs, String topic, int partition, int most) {
        Path directory = logs.resolve(topic + "-" + partition);
        List<String> lines = new ArrayList<>();
        try (var files = Files.list(directory)) {
            for (Path segment : files.filter(each -> each.toString().endsWith(".log"))
                    .sorted()
                    .toList()) {
                ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(segment));
                for (RecordBatch batch : MemoryRecords.readableRecords(bytes).batches()) lines.add(line(batch));
            }
        } catch (IOException e) {
            lines.add("cannot be read: " + e);
        }
        String left = lines.size() > most ? "\n  and " + (lines.size() - most) + " more" : "";
        return directory.getFileName() + ":\n  " + String.join("\n  ", lines.subList(0, Math.min(most, lines.size())))
                + left;
    }

    private static String line(RecordBatch batch) {
        String what = "sequences " + batch.baseSequence() + " to " + batch.lastSequence();
        if (batch.isControlBatch()) {
            what = ControlRecordType.parse(batch.iterator().next().key()).toString();
        }
        return "offsets " + batch.baseOffset() + " to " + batch.lastOffset() + ", producer " + batch.producerId()
                + " epoch " + batch.producerEpoch() + (batch.isTransactional() ? ", transactional, " : ", ") + what;
    }
}
