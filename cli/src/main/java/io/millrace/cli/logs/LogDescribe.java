package io.millrace.cli.logs;

import io.millrace.cli.terminal.JsonText;
import io.millrace.cli.terminal.Table;
import io.millrace.cli.terminal.Terminal;
import java.io.IOException;
import java.io.InputStream;
import java.net.HttpURLConnection;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/**
 * {@code millrace log describe}: asks a running node how its compacted logs stand. Ends with 1 if one of them cannot be
 * compacted, so that a script notices.
 */
@Command(
        name = "describe",
        description = "Show how the compacted logs of a running node stand: dirty ratio, state, and why a log cannot be"
                + " compacted. Ends with 1 if there is such a log.",
        mixinStandardHelpOptions = true,
        sortOptions = false)
public final class LogDescribe implements Callable<Integer> {
    private static final int TIMEOUT_MS = 10_000;
    private static final List<String> SHOWN =
            List.of("topic", "partition", "state", "dirty_ratio", "first_dirty_offset", "size_bytes", "reason");

    @Mixin
    private Terminal terminal = new Terminal();

    @Parameters(arity = "0..*", paramLabel = "TOPIC", description = "Only logs of these topics.")
    private List<String> topics = new ArrayList<>();

    @Option(
            names = "--node",
            paramLabel = "HOST:PORT",
            defaultValue = "127.0.0.1:9464",
            description = "The node's millrace.metrics.address (default: ${DEFAULT-VALUE}).")
    private String node = "";

    @Option(names = "--json", description = "Print one JSON array.")
    private boolean json;

    /** Made by picocli. */
    public LogDescribe() {}

    @Override
    public Integer call() {
        List<Map<String, String>> logs;
        try {
            logs = LogsPage.read(get()).stream()
                    .filter(log -> topics.isEmpty() || topics.contains(log.get("topic")))
                    .toList();
        } catch (URISyntaxException e) {
            throw terminal.wronglyAsked("--node " + node + " is not of the form HOST:PORT");
        } catch (IOException | IllegalArgumentException e) {
            terminal.complain("the logs of " + node + " are not known: " + e.getMessage());
            return Terminal.FAILED;
        }
        print(logs);
        return logs.stream().anyMatch(log -> "uncleanable".equals(log.get("state"))) ? Terminal.FAILED : Terminal.DONE;
    }

    private String get() throws IOException, URISyntaxException {
        if (!(new URI("http://" + node + "/logs").toURL().openConnection() instanceof HttpURLConnection connection))
            throw new IOException("http is not spoken here");
        connection.setConnectTimeout(TIMEOUT_MS);
        connection.setReadTimeout(TIMEOUT_MS);
        try (InputStream in = connection.getInputStream()) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } finally {
            connection.disconnect();
        }
    }

    private void print(List<Map<String, String>> logs) {
        if (json) {
            terminal.out().println(JsonText.of(logs));
            return;
        }
        Table table = new Table("", List.of("TOPIC", "PARTITION", "STATE", "DIRTY", "COMPACTED TO", "BYTES", "REASON"));
        for (Map<String, String> log : logs)
            table.add(SHOWN.stream().map(column -> log.getOrDefault(column, "")).toArray());
        table.print(terminal.out());
    }
}
