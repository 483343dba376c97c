package io.millrace.cli.reassign;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.records.TopicPartition;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReassignmentFileTest {
    @TempDir
    Path directory = Path.of("");

    private Map<TopicPartition, List<Integer>> read(String text) throws IOException {
        Path file = directory.resolve("file.json");
        Files.writeString(file, text);
        return ReassignmentFile.read(file);
    }

    private void refuses(String text, String why) {
        String message =
                assertThrows(IllegalArgumentException.class, () -> read(text)).getMessage();
        assertTrue(String.valueOf(message).contains(why), () -> text + ": " + message);
    }

    @Test
    void whatIsWrittenIsReadBack() throws IOException {
        Map<TopicPartition, List<Integer>> replicas = new TreeMap<>();
        replicas.put(new TopicPartition("a", 0), List.of(3, 1));
        replicas.put(new TopicPartition("b.c", 11), List.of(2));
        String text = ReassignmentFile.text(replicas);
        assertEquals(
                "{\"version\":1,\"partitions\":["
                        + "{\"topic\":\"a\",\"partition\":0,\"replicas\":[3,1],\"log_dirs\":[\"any\",\"any\"]},"
                        + "{\"topic\":\"b.c\",\"partition\":11,\"replicas\":[2],\"log_dirs\":[\"any\"]}]}",
                text);
        assertEquals(replicas, read(text));
    }

    @Test
    void whatKafkasToolLeavesOutMayBeLeftOut() throws IOException {
        assertEquals(
                Map.of(new TopicPartition("a", 2), List.of(1, 2)),
                read("{\"partitions\": [{\"replicas\": [1, 2], \"topic\": \"a\", \"partition\": 2}]}"));
    }

    @Test
    void whatIsWrongIsSaid() {
        refuses("", "no JSON object");
        refuses("[]", "no JSON object");
        refuses("{\"version\":1", "is no JSON");
        refuses("{\"version\":2,\"partitions\":[]}", "its version is not 1");
        refuses("{\"version\":1,\"partitions\":[]}", "it names no partitions");
        refuses("{\"topics\":[]}", "'topics' is none of");
        refuses("{\"partitions\":[7]}", "no object");
        refuses("{\"partitions\":[{\"partition\":0,\"replicas\":[1]}]}", "no topic");
        refuses("{\"partitions\":[{\"topic\":\"a\",\"replicas\":[1]}]}", "no number");
        refuses("{\"partitions\":[{\"topic\":\"a\",\"partition\":0,\"replicas\":[]}]}", "no replicas");
        refuses("{\"partitions\":[{\"topic\":\"a\",\"partition\":0,\"replicas\":[1,1]}]}", "twice");
        refuses("{\"partitions\":[{\"topic\":\"a\",\"partition\":0,\"replicas\":[-1]}]}", "no number from 0 up");
        refuses(
                "{\"partitions\":[{\"topic\":\"a\",\"partition\":0,\"replicas\":[4294967297]}]}",
                "no number from 0 up");
        refuses(
                "{\"partitions\":[{\"topic\":\"a\",\"partition\":0,\"replicas\":[1],\"log_dirs\":[\"/d\"]}]}",
                "names a log directory");
        refuses(
                "{\"partitions\":[{\"topic\":\"a\",\"partition\":0,\"replicas\":[1]},"
                        + "{\"topic\":\"a\",\"partition\":0,\"replicas\":[2]}]}",
                "comes twice");
    }
}
