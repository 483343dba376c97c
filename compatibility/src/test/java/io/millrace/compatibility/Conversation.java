package io.millrace.compatibility;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.io.EOFException;
import java.io.IOException;
import java.net.SocketException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.kafka.common.errors.UnsupportedVersionException;
import org.apache.kafka.common.message.ApiMessageType;
import org.apache.kafka.common.protocol.ApiMessage;

/**
 * A text file of requests, one a line, that are sent to a broker; the answers come out as text too, without what is
 * different at each run.
 *
 * <p>A line: the API, its versions ({@code *} for all, {@code 4}, {@code 4-7}, {@code 4+}), the request as in
 * {@link RequestFromJson}, and perhaps {@code -> name=/pointer}: what of the answer the lines below mean by {@code ${name}}.
 * {@code ${version}} is the version of the request. A line that begins with {@code #} is a comment.
 */
final class Conversation {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Pattern LINE = Pattern.compile("(\\w+) (\\S+) (\\{.*\\})(?: -> (\\w+)=(\\S+))?");
    private static final Pattern VERSIONS = Pattern.compile("(\\d+)(?:(\\+)|-(\\d+))?");

    /** Wording and load. */
    private static final Set<String> LEFT_OUT = Set.of(
            "throttleTimeMs",
            "errorMessage",
            "batchIndexErrorMessage",
            "documentation",
            "totalBytes",
            "usableBytes",
            "size",
            "lastTimestamp");

    /** Fields whose values are the broker's own affair; only whether they are set is compared. */
    private static final Set<String> OWN_VALUES = Set.of(
            "clusterId",
            "topicId",
            "port",
            "memberId",
            "leader",
            "producerId",
            "sessionId",
            "logDir",
            "memberEpoch",
            "finalizedFeaturesEpoch");

    /** What is stated for one of the brokers under test only, or is where it runs: a property of a broker, not of Kafka. */
    private static final Set<String> OWN_CONFIGS = Set.of(
            "advertised.listeners",
            "controller.listener.names",
            "controller.quorum.bootstrap.servers",
            "listeners",
            "log.dir",
            "log.dirs",
            "node.id",
            "offsets.topic.replication.factor",
            "process.roles",
            "share.coordinator.state.topic.min.isr",
            "share.coordinator.state.topic.replication.factor",
            "transaction.state.log.min.isr",
            "transaction.state.log.replication.factor");

    /** Arrays with an order; all others are sorted. */
    private static final Set<String> ORDERED = Set.of("synonyms", "replicaNodes", "isrNodes", "brokers", "endpoints");

    /** The APIs whose versions are compared; those of transactions, shares, security and clusters come later. */
    private static final Set<Integer> APIS = Set.of(
            0, 1, 2, 3, 8, 9, 10, 11, 12, 13, 14, 15, 16, 18, 19, 20, 21, 22, 23, 32, 33, 35, 37, 42, 44, 47, 60, 61,
            74, 75);

    /** APIs that change nothing. */
    private static final Set<String> QUESTIONS = Set.of(
            "ApiVersions",
            "Metadata",
            "DescribeTopicPartitions",
            "DescribeCluster",
            "DescribeConfigs",
            "ListConfigResources",
            "DescribeGroups",
            "ListGroups",
            "FindCoordinator",
            "ListOffsets",
            "OffsetForLeaderEpoch",
            "OffsetFetch",
            "DescribeLogDirs",
            "DescribeProducers");

    private static final Duration PATIENCE = Duration.ofSeconds(3);
    private static final long LOOK_AGAIN_NANOS = 20_000_000;
    private static final long MOMENT_NANOS = 200_000_000;

    private final List<String> lines;

    private Conversation(List<String> lines) {
        this.lines = lines;
    }

    static Conversation read(Path file) throws IOException {
        return new Conversation(Files.readAllLines(file));
    }

    /**
     * Has the conversation; each line of the result is a line of it, the version, and the answer.
     *
     * @param wanted what the answers should be. What other requests have changed may take a moment to be seen, so a
     *     question without effect is asked again for a while when the answer is another one. Empty when the answers are
     *     not known yet: then every change gets that moment.
     */
    List<String> with(int port, List<String> wanted) throws Exception {
        return with(port, wanted, Map.of());
    }

    /**
     * As {@link #with(int, List)}.
     *
     * @param places what the lines mean by some names from the beginning: paths; the answers say the names again
     */
    List<String> with(int port, List<String> wanted, Map<String, String> places) throws Exception {
        var answers = new ArrayList<String>();
        var variables = new HashMap<>(places);
        try (var line = new Line(port, places)) {
            for (String text : lines) {
                if (text.isBlank() || text.startsWith("#")) continue;
                Matcher parts = LINE.matcher(text.trim());
                if (!parts.matches()) throw new IllegalArgumentException("cannot read: " + text);
                ask(line, parts, variables, answers, wanted);
            }
        }
        return answers;
    }

    private static void ask(
            Line line, Matcher parts, Map<String, String> variables, List<String> answers, List<String> wanted)
            throws Exception {
        String api = parts.group(1);
        boolean isQuestion = QUESTIONS.contains(api);
        int[] versions = versions(api, parts.group(2));
        for (int version = versions[0]; version <= versions[1]; version++) {
            variables.put("version", String.valueOf(version));
            ApiMessage request = RequestFromJson.request(api, JSON.readTree(replaced(parts.group(3), variables)));
            if (!canSay(request, version)) continue;
            long deadline = System.nanoTime() + PATIENCE.toNanos();
            String found;
            while (true) {
                JsonNode answer = line.answer(request, version);
                found = parts.group() + " | v" + version + " | " + comparable("", answer);
                if (parts.group(4) != null)
                    variables.put(parts.group(4), answer.at(parts.group(5)).asText());
                boolean isWanted = answers.size() < wanted.size()
                        && wanted.get(answers.size()).equals(found);
                if (isWanted || wanted.isEmpty() || !isQuestion || System.nanoTime() > deadline) break;
                LockSupport.parkNanos(LOOK_AGAIN_NANOS);
            }
            answers.add(found);
            if (wanted.isEmpty() && !isQuestion) LockSupport.parkNanos(MOMENT_NANOS);
        }
    }

    /** Whether this version has fields for all that the request says. */
    private static boolean canSay(ApiMessage request, int version) {
        try {
            RawConnection.frame(request, version, 0);
            return true;
        } catch (UnsupportedVersionException e) {
            return false;
        }
    }

    /** A connection to the broker, made anew after the broker has closed it. */
    private static final class Line implements AutoCloseable {
        private final int port;
        private final Map<String, String> places;
        private RawConnection connection;

        Line(int port, Map<String, String> places) throws IOException {
            this.port = port;
            this.places = places;
            this.connection = new RawConnection(port);
        }

        JsonNode answer(ApiMessage request, int version) throws Exception {
            try {
                String answer = json(connection.ask(request, version), version).toString();
                for (var place : places.entrySet())
                    answer = answer.replace("\"" + place.getValue() + "\"", "\"${" + place.getKey() + "}\"");
                return JSON.readTree(answer);
            } catch (EOFException | SocketException e) {
                connection.close();
                connection = new RawConnection(port);
                return TextNode.valueOf("(the connection is closed)");
            }
        }

        @Override
        public void close() throws IOException {
            connection.close();
        }
    }

    private static int[] versions(String api, String text) {
        ApiMessageType type = java.util.Arrays.stream(ApiMessageType.values())
                .filter(candidate -> candidate.name.equals(api))
                .findFirst()
                .orElseThrow();
        int lowest = type.lowestSupportedVersion();
        int highest = type.highestSupportedVersion(false);
        if (text.equals("*")) return new int[] {lowest, highest};
        Matcher parts = VERSIONS.matcher(text);
        if (!parts.matches()) throw new IllegalArgumentException("versions " + text);
        int from = Integer.parseInt(parts.group(1));
        if (parts.group(2) != null) return new int[] {from, highest};
        return new int[] {from, parts.group(3) == null ? from : Integer.parseInt(parts.group(3))};
    }

    private static String replaced(String text, Map<String, String> variables) {
        String replaced = text;
        for (var variable : variables.entrySet()) {
            replaced = replaced.replace("${" + variable.getKey() + "}", variable.getValue());
        }
        return replaced;
    }

    private static JsonNode json(ApiMessage message, int version) throws ReflectiveOperationException {
        Class<?> converter = Class.forName(message.getClass().getName() + "JsonConverter");
        return (JsonNode) converter
                .getMethod("write", message.getClass(), short.class, boolean.class)
                .invoke(null, message, (short) version, false);
    }

    private static JsonNode comparable(String name, JsonNode node) {
        if (node instanceof ObjectNode object) {
            ObjectNode comparable = JSON.createObjectNode();
            for (var field : object.properties()) {
                if (!LEFT_OUT.contains(field.getKey())) {
                    comparable.set(field.getKey(), comparable(field.getKey(), field.getValue()));
                }
            }
            return comparable;
        }
        if (node instanceof ArrayNode array) {
            var elements = new ArrayList<JsonNode>();
            array.forEach(element -> elements.add(comparable("", element)));
            if (name.equals("apiKeys"))
                elements.removeIf(
                        element -> !APIS.contains(element.path("apiKey").asInt()));
            // Besides, properties of our own, which Apache has not got.
            if (name.equals("configs"))
                elements.removeIf(
                        element -> OWN_CONFIGS.contains(element.path("name").asText())
                                || element.path("name").asText().startsWith("millrace."));
            if (!ORDERED.contains(name)) elements.sort(Comparator.comparing(JsonNode::toString));
            return JSON.createArrayNode().addAll(elements);
        }
        if (!OWN_VALUES.contains(name)) return node;
        String value = node.asText();
        if (value.startsWith("${")) return node;
        boolean isUnset = value.isEmpty()
                || Set.of("null", "0", "-1", "AAAAAAAAAAAAAAAAAAAAAA").contains(value);
        return isUnset ? node : TextNode.valueOf("(" + name + ")");
    }
}
