package io.millrace.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Whole starts, in processes of their own. */
@Timeout(120)
class StartTest {
    private static final Pattern READY = Pattern.compile(
            "Millrace \\S+ ready in (\\d+) ms: 127\\.0\\.0\\.1:(\\d+) \\(data (.+), cluster ([A-Za-z0-9_-]{22})\\)");
    private static final String NO_METRICS = "millrace.metrics.address=";

    @TempDir
    Path directory = Path.of("");

    private ChildProgram start(Path data, String... more) throws IOException {
        String[] arguments = Stream.concat(
                        Stream.of("start", "--data", data.toString(), "--listen", "127.0.0.1:0"), Stream.of(more))
                .toArray(String[]::new);
        return ChildProgram.run(directory, arguments);
    }

    private static Matcher ready(ChildProgram node) throws IOException {
        String line = node.line();
        Matcher matcher = READY.matcher(line);
        assertTrue(matcher.matches(), line);
        return matcher;
    }

    /** A command in this process; gives what it prints. */
    private static String command(String port, String... arguments) {
        return command(0, port, arguments);
    }

    private static String command(int wantedStatus, String port, String... arguments) {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        String[] all = Stream.concat(Stream.of(arguments), Stream.of("--bootstrap-server", "127.0.0.1:" + port))
                .toArray(String[]::new);
        int status = Commands.commandLine()
                .setOut(new PrintWriter(out, true))
                .setErr(new PrintWriter(err, true))
                .execute(all);
        assertEquals(wantedStatus, status, err::toString);
        return out.toString();
    }

    private void assertRefused(String sentence, String... arguments) throws IOException, InterruptedException {
        try (ChildProgram node = ChildProgram.run(directory, arguments)) {
            assertEquals(1, node.status(), node::toString);
            assertEquals("millrace: " + sentence, node.complaints().strip());
        }
    }

    @Test
    void anEmptyDirectoryIsFormattedAndWhatIsCreatedIsThereAfterARestart() throws IOException, InterruptedException {
        Path data = directory.resolve("data");
        String clusterId;
        try (ChildProgram node = start(data, "--set", NO_METRICS)) {
            Matcher ready = ready(node);
            clusterId = ready.group(4);
            assertEquals(data.toString(), ready.group(3));
            String port = ready.group(2);
            assertEquals(
                    "Created topic orders (partitions 3, replication factor 1).\n",
                    command(port, "topic", "create", "orders", "-p", "3", "-c", "retention.ms=1000"));
            assertEquals("", command(port, "topic", "create", "orders", "--if-not-exists"));
            assertEquals("orders\n", command(port, "topic", "list", "--exclude-internal"));
            assertEquals("", command(port, "topic", "describe", "--under-replicated"));
            assertEquals("Topic orders has 5 partitions.\n", command(port, "topic", "alter", "orders", "-p", "5"));
            assertEquals(0, node.terminate());
            assertEquals(
                    "",
                    node.complaints()
                            .lines()
                            .filter(line -> line.contains("WARN"))
                            .findAny()
                            .orElse(""));
        }
        assertTrue(Files.exists(data.resolve(".kafka_cleanshutdown")));
        try (ChildProgram node = start(data, "--set", NO_METRICS, "--cluster-id", clusterId)) {
            Matcher ready = ready(node);
            assertEquals(clusterId, ready.group(4));
            String described = command(ready.group(2), "topic", "describe", "orders", "--json");
            assertTrue(described.contains("\"partitionCount\":5"), described);
            assertTrue(described.contains("\"retention.ms\":\"1000\""), described);
            assertEquals("Deleted topic orders.\n", command(ready.group(2), "topic", "delete", "orders"));
            assertEquals(0, node.terminate());
        }
    }

    @Test
    void aDirectoryThatIsAFileOrHasRottenPropertiesIsOfflineAndTheNodeServes()
            throws IOException, InterruptedException {
        Path one = directory.resolve("one");
        Path two = directory.resolve("two");
        String directories = "log.dirs=" + one + "," + two;
        try (ChildProgram node = start(one, "--set", NO_METRICS, "--set", directories)) {
            command(ready(node).group(2), "topic", "create", "orders", "-p", "4");
            assertEquals(0, node.terminate());
        }
        Path aside = directory.resolve("aside");
        Files.move(two, aside);
        Files.writeString(two, "notes of somebody");
        try (ChildProgram node = start(one, "--set", NO_METRICS, "--set", directories)) {
            String listed = command(1, ready(node).group(2), "log", "dirs");
            assertTrue(listed.lines().anyMatch(line -> line.contains(one + " ") && line.contains(" online ")), listed);
            assertTrue(listed.lines().anyMatch(line -> line.contains(two + " ") && line.contains(" offline ")), listed);
            String complaints = node.complaints();
            assertTrue(complaints.contains(two + " cannot be used and stays offline"), complaints);
            assertTrue(complaints.contains(two + ": a file, not a directory"), complaints);
            assertEquals(0, node.terminate());
        }
        assertEquals("notes of somebody", Files.readString(two));
        Files.delete(two);
        Files.move(aside, two);
        try (ChildProgram node = start(one, "--set", NO_METRICS, "--set", directories)) {
            String listed = command(ready(node).group(2), "log", "dirs");
            assertFalse(listed.contains("offline"), listed);
            assertEquals(0, node.terminate());
        }
        Path whose = two.resolve("meta.properties");
        String before = Files.readString(whose);
        String rotten = before.replace("node.id=", "node.ie=");
        Files.writeString(whose, rotten);
        try (ChildProgram node = start(one, "--set", NO_METRICS, "--set", directories)) {
            String listed = command(1, ready(node).group(2), "log", "dirs");
            assertTrue(listed.lines().anyMatch(line -> line.contains(two + " ") && line.contains(" offline ")), listed);
            String complaints = node.complaints();
            assertTrue(complaints.contains(whose.toString()), complaints);
            assertTrue(complaints.contains("property node.id is missing"), complaints);
            assertEquals(0, node.terminate());
        }
        assertEquals(rotten, Files.readString(whose));
        Path third = Files.writeString(directory.resolve("file"), "");
        assertRefused(third + " is a file, not a directory", "start", "--data", third.toString(), "--set", NO_METRICS);
    }

    @Test
    void metricsAndHealthAreServedWhereAsked() throws IOException, InterruptedException {
        Pattern where = Pattern.compile("metrics and health are at (http://127\\.0\\.0\\.1:\\d+)/metrics");
        try (ChildProgram node = start(directory.resolve("data"), "--set", NO_METRICS + "127.0.0.1:0");
                HttpClient http = HttpClient.newHttpClient()) {
            ready(node);
            Matcher address = where.matcher(node.complaints());
            assertTrue(address.find(), node.complaints());
            assertEquals("serving\n", get(http, address.group(1) + "/health"));
            assertTrue(get(http, address.group(1) + "/metrics").startsWith("# HELP "));
            assertEquals(0, node.terminate());
        }
    }

    private static String get(HttpClient http, String address) throws IOException, InterruptedException {
        HttpResponse<String> answer =
                http.send(HttpRequest.newBuilder(URI.create(address)).build(), HttpResponse.BodyHandlers.ofString());
        assertEquals(200, answer.statusCode());
        return answer.body();
    }

    @Test
    void aForeignDirectoryIsLeftAlone() throws IOException, InterruptedException {
        Path foreign = Files.createDirectory(directory.resolve("foreign"));
        Files.writeString(foreign.resolve("letter.txt"), "mine");
        assertRefused(
                "directory " + foreign
                        + " is not empty and has no meta.properties that would say whose it is; it holds letter.txt",
                "start",
                "--data",
                foreign.toString(),
                "--listen",
                "127.0.0.1:0");
        try (Stream<Path> files = Files.list(foreign)) {
            assertEquals(
                    List.of("letter.txt"),
                    files.map(it -> it.getFileName().toString()).toList());
        }
    }

    @Test
    void aDirectoryThatCannotBeMadeIsNamed() throws IOException, InterruptedException {
        Path file = Files.writeString(directory.resolve("file"), "");
        assertRefused(
                file.resolve("data") + ": Not a directory",
                "start",
                "--data",
                file.resolve("data").toString(),
                "--listen",
                "127.0.0.1:0");
    }

    @Test
    void aTakenPortIsNamed() throws IOException, InterruptedException {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            assertRefused(
                    "cannot listen on 127.0.0.1:" + taken.getLocalPort() + ": the port is in use by another process",
                    "start",
                    "--data",
                    directory.resolve("data").toString(),
                    "--listen",
                    "127.0.0.1:" + taken.getLocalPort());
        }
    }

    @Test
    void aMetricsPortThatWasAskedForAndIsTakenIsARefusal() throws IOException, InterruptedException {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            assertRefused(
                    "cannot listen on 127.0.0.1:" + taken.getLocalPort() + ": Address already in use",
                    "start",
                    "--data",
                    directory.resolve("data").toString(),
                    "--listen",
                    "127.0.0.1:0",
                    "--set",
                    NO_METRICS + "127.0.0.1:" + taken.getLocalPort());
        }
    }

    @Test
    void aBadPropertyIsNamedAndNothingIsFormatted() throws IOException, InterruptedException {
        Path data = directory.resolve("data");
        assertRefused(
                "millrace.lanes=0 is not in [1, 1024]",
                "start",
                "--data",
                data.toString(),
                "--set",
                "millrace.lanes=0");
        assertFalse(Files.exists(data));
    }

    @Test
    void anUnknownPropertyIsAWarningAndWithStrictARefusal() throws IOException, InterruptedException {
        try (ChildProgram node = start(directory.resolve("data"), "--set", "num.partition=3", "--set", NO_METRICS)) {
            ready(node);
            assertTrue(
                    node.complaints()
                            .contains("WARN  cli.start: Unknown property num.partition; did you mean num.partitions?"),
                    node.complaints());
            assertEquals(0, node.terminate());
        }
        assertRefused(
                "Unknown property num.partition; did you mean num.partitions?",
                "start",
                "--data",
                directory.resolve("data").toString(),
                "--strict",
                "--set",
                "num.partition=3");
    }

    @Test
    void anotherClustersDirectoryIsRefused() throws IOException, InterruptedException {
        Path data = directory.resolve("data");
        try (ChildProgram node = start(data, "--set", NO_METRICS, "--cluster-id", "AAAAAAAAAAAAAAAAAAAAAQ")) {
            assertEquals("AAAAAAAAAAAAAAAAAAAAAQ", ready(node).group(4));
            assertEquals(0, node.terminate());
        }
        assertRefused(
                "the data in " + data
                        + " belongs to cluster AAAAAAAAAAAAAAAAAAAAAQ, not to BBBBBBBBBBBBBBBBBBBBBQ as --cluster-id says",
                "start",
                "--data",
                data.toString(),
                "--cluster-id",
                "BBBBBBBBBBBBBBBBBBBBBQ");
    }

    @Test
    void aBrokerIsNotFormattedForAClusterThatNobodyNamed() throws IOException, InterruptedException {
        Path data = directory.resolve("data");
        assertRefused(
                "the directories of this broker, [" + data
                        + "], are not formatted: give the cluster's id with --cluster-id, or run 'millrace format --cluster-id"
                        + " ID --config FILE' first",
                "start",
                "--data",
                data.toString(),
                "--set",
                "process.roles=broker",
                "--set",
                "controller.listener.names=CONTROLLER",
                "--set",
                "controller.quorum.bootstrap.servers=127.0.0.1:1");
        assertFalse(Files.exists(data));
    }

    @Test
    void whatMakesNoSenseEndsWithStatusTwo() throws IOException, InterruptedException {
        try (ChildProgram node = ChildProgram.run(directory, "start", "--dta", "x")) {
            assertEquals(2, node.status());
            assertTrue(node.complaints().startsWith("millrace: start does not know '--dta'"), node.complaints());
        }
    }

    @Test
    void theSelfTestPassesAndLeavesNothingBehind() throws IOException, InterruptedException {
        try (ChildProgram program = ChildProgram.run(directory, "selftest")) {
            Path data = Path.of(ready(program).group(3));
            assertEquals("The self-test wrote and read 6000 records: all is well.", program.line());
            assertEquals(0, program.status(), program.complaints());
            assertFalse(Files.exists(data.getParent()));
        }
    }

    @Test
    void aClusterRunsInOneTerminalAndKeepsItsData() throws IOException, InterruptedException {
        Path data = directory.resolve("cluster");
        String[] cluster = {
            "start", "--cluster", "3", "--data", data.toString(), "--listen", "127.0.0.1:0", "--set", NO_METRICS
        };
        Pattern all = Pattern.compile(
                "Millrace \\S+ cluster of 3 ready in \\d+ ms: 127\\.0\\.0\\.1:(\\d+),127\\.0\\.0\\.1:(\\d+),"
                        + "127\\.0\\.0\\.1:(\\d+) \\(data (.+), cluster ([A-Za-z0-9_-]{22})\\)");
        String clusterId;
        try (ChildProgram nodes = ChildProgram.run(directory, cluster)) {
            Matcher ready = all.matcher(nodes.line());
            assertTrue(ready.matches(), nodes.complaints());
            clusterId = ready.group(5);
            assertEquals(
                    "Created topic orders (partitions 6, replication factor 3).\n",
                    command(ready.group(2), "topic", "create", "orders", "-p", "6"));
            assertEquals(0, nodes.terminate(), nodes.complaints());
        }
        assertRefused(
                data
                        + " holds a cluster of 3 nodes, which --cluster 3 starts; another size wants another directory (--data)",
                "start",
                "--cluster",
                "5",
                "--data",
                data.toString());
        try (ChildProgram nodes = ChildProgram.run(directory, cluster)) {
            Matcher ready = all.matcher(nodes.line());
            assertTrue(ready.matches(), nodes.complaints());
            assertEquals(clusterId, ready.group(5));
            assertTrue(command(ready.group(3), "topic", "list").contains("orders\n"));
            assertEquals(0, nodes.terminate(), nodes.complaints());
        }
    }
}
