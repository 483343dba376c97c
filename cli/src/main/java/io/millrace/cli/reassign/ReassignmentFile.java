package io.millrace.cli.reassign;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import io.millrace.cli.terminal.JsonText;
import io.millrace.records.TopicPartition;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Replicas of partitions as Kafka's tool reads and writes them: {@code {"version":1,"partitions":[{"topic":"t","partition":0,
 * "replicas":[1,2],"log_dirs":["any","any"]}]}}.
 */
final class ReassignmentFile {
    private static final int VERSION = 1;
    private static final String ANY = "any";

    private ReassignmentFile() {}

    /** The JSON of these replicas, on one line. */
    static String text(Map<TopicPartition, List<Integer>> replicas) {
        List<Map<String, Object>> partitions = new ArrayList<>();
        replicas.forEach((partition, brokers) -> {
            Map<String, Object> fields = new LinkedHashMap<>();
            fields.put("topic", partition.topic());
            fields.put("partition", partition.partition());
            fields.put("replicas", brokers);
            fields.put("log_dirs", brokers.stream().map(it -> ANY).toList());
            partitions.add(fields);
        });
        Map<String, Object> file = new LinkedHashMap<>();
        file.put("version", VERSION);
        file.put("partitions", partitions);
        return JsonText.of(file);
    }

    /**
     * Reads a file; fields it does not know are an error.
     *
     * @return by partition: brokers, the preferred leader first
     * @throws IllegalArgumentException naming the file and what is wrong with it
     */
    static SortedMap<TopicPartition, List<Integer>> read(Path file) throws IOException {
        try (JsonParser parser = new JsonFactory().createParser(file.toFile())) {
            return read(parser);
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException(file + " is no JSON: " + e.getOriginalMessage(), e);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(file + ": " + e.getMessage(), e);
        }
    }

    private static SortedMap<TopicPartition, List<Integer>> read(JsonParser parser) throws IOException {
        SortedMap<TopicPartition, List<Integer>> found = new TreeMap<>();
        require(parser.nextToken() == JsonToken.START_OBJECT, "it is no JSON object");
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            String field = parser.currentName();
            parser.nextToken();
            switch (field) {
                case "version" -> require(number(parser, "version") == VERSION, "its version is not 1");
                case "partitions" -> {
                    require(parser.currentToken() == JsonToken.START_ARRAY, "'partitions' is no list");
                    while (parser.nextToken() != JsonToken.END_ARRAY) readPartition(parser, found);
                }
                default -> throw new IllegalArgumentException("'" + field + "' is none of version, partitions");
            }
        }
        require(parser.nextToken() == null, "there is something after the JSON object");
        require(!found.isEmpty(), "it names no partitions");
        return found;
    }

    private static void readPartition(JsonParser parser, Map<TopicPartition, List<Integer>> found) throws IOException {
        require(parser.currentToken() == JsonToken.START_OBJECT, "'partitions' has something that is no object");
        String topic = null;
        int partition = -1;
        List<Integer> replicas = List.of();
        List<String> directories = null;
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            String field = parser.currentName();
            parser.nextToken();
            switch (field) {
                case "topic" -> {
                    require(parser.currentToken() == JsonToken.VALUE_STRING, "a topic is no text");
                    topic = parser.getText();
                }
                case "partition" -> partition = number(parser, "partition");
                case "replicas" -> replicas = numbers(parser);
                case "log_dirs" -> directories = texts(parser);
                default ->
                    throw new IllegalArgumentException(
                            "'" + field + "' is none of topic, partition, replicas, log_dirs");
            }
        }
        require(topic != null && !topic.isEmpty(), "a partition has no topic");
        require(partition >= 0, "a partition of " + topic + " has no number");
        TopicPartition name = new TopicPartition(String.valueOf(topic), partition);
        require(!replicas.isEmpty(), name + " has no replicas");
        Set<Integer> unlike = new LinkedHashSet<>(replicas);
        require(unlike.size() == replicas.size(), name + " has a broker twice in " + replicas);
        if (directories != null) {
            require(directories.size() == replicas.size(), name + " has not as many log_dirs as replicas");
            require(
                    directories.stream().allMatch(ANY::equals),
                    name + " names a log directory; millrace log move puts a replica into one");
        }
        require(found.put(name, replicas) == null, name + " comes twice");
    }

    private static List<Integer> numbers(JsonParser parser) throws IOException {
        require(parser.currentToken() == JsonToken.START_ARRAY, "'replicas' is no list");
        List<Integer> numbers = new ArrayList<>();
        while (parser.nextToken() != JsonToken.END_ARRAY) numbers.add(number(parser, "replicas"));
        return numbers;
    }

    private static List<String> texts(JsonParser parser) throws IOException {
        require(parser.currentToken() == JsonToken.START_ARRAY, "'log_dirs' is no list");
        List<String> texts = new ArrayList<>();
        while (parser.nextToken() != JsonToken.END_ARRAY) {
            require(parser.currentToken() == JsonToken.VALUE_STRING, "'log_dirs' has something that is no text");
            texts.add(parser.getText());
        }
        return texts;
    }

    private static int number(JsonParser parser, String field) throws IOException {
        long number = parser.currentToken() == JsonToken.VALUE_NUMBER_INT ? parser.getLongValue() : -1;
        require(
                number >= 0 && number <= Integer.MAX_VALUE,
                "'" + field + "' has something that is no number from 0 up");
        return (int) number;
    }

    private static void require(boolean isSo, String otherwise) {
        if (!isSo) throw new IllegalArgumentException(otherwise);
    }
}
