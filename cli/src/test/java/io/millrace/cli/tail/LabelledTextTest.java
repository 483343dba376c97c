package io.millrace.cli.tail;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.cli.consume.PatternText;
import io.millrace.client.consumer.ConsumerRecord;
import io.millrace.records.TimestampType;
import io.millrace.testkit.Property;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.junit.jupiter.api.Test;

class LabelledTextTest {
    private static ConsumerRecord<byte[], byte[]> record(int partition, long offset, long timestamp, String value) {
        byte[] bytes = value.getBytes(StandardCharsets.UTF_8);
        return new ConsumerRecord<>(
                "t", partition, offset, 0, timestamp, TimestampType.CREATE_TIME, null, bytes, List.of());
    }

    private static String shown(boolean isColoured, boolean isForTerminal, String value) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        new LabelledText(new PatternText("%v", ""), true, isColoured, isForTerminal).write(record(1, 7, 0, value), out);
        return out.toString(StandardCharsets.UTF_8);
    }

    @Test
    void aRecordCannotSteerATerminalButComesAsItIsElsewhere() throws IOException {
        assertEquals("t-1@7 a\u001b[2Jb\n", shown(false, false, "a\u001b[2Jb"));
        assertEquals("t-1@7 a\\x1b[2Jb\\x9b\tä\n", shown(false, true, "a\u001b[2Jb\u009b\tä"));
        String coloured = shown(true, true, "v");
        assertTrue(coloured.matches("\u001b\\[\\d\\dmt-1@7\u001b\\[0m v\n"), coloured);
    }

    @Test
    void theYoungestOfAllPartitionsAreKeptInTheOrderOfTheirTime() {
        Property.check(random -> {
            List<ConsumerRecord<byte[], byte[]>> all = new ArrayList<>();
            int most = random.nextInt(6);
            LastRecords last = new LastRecords(most);
            int count = random.nextInt(20);
            for (int i = 0; i < count; i++) {
                var record = record(random.nextInt(3), i, random.nextInt(10), "v");
                all.add(record);
                last.add(record);
            }
            all.sort(Comparator.<ConsumerRecord<byte[], byte[]>>comparingLong(ConsumerRecord::timestamp)
                    .thenComparingInt(ConsumerRecord::partition)
                    .thenComparingLong(ConsumerRecord::offset));
            assertEquals(all.subList(Math.max(0, all.size() - most), all.size()), last.inOrder());
        });
    }
}
