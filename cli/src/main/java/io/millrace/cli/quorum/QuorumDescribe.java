package io.millrace.cli.quorum;

import io.millrace.cli.terminal.ClusterOptions;
import io.millrace.cli.terminal.JsonText;
import io.millrace.cli.terminal.Table;
import io.millrace.cli.terminal.Terminal;
import io.millrace.client.Admin;
import io.millrace.client.HostAndPort;
import io.millrace.client.QuorumStatus;
import io.millrace.protocol.Uuid;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code millrace quorum describe}. */
@Command(
        name = "describe",
        description =
                "Show who leads the metadata quorum, who votes in it, who follows without a vote, and how far they are.",
        mixinStandardHelpOptions = true,
        sortOptions = false)
final class QuorumDescribe implements Callable<Integer> {
    @Mixin
    private Terminal terminal = new Terminal();

    @Option(names = "--json", description = "Print one JSON object.")
    private boolean json;

    @Mixin
    private QuorumAddress address = new QuorumAddress();

    @Mixin
    private ClusterOptions cluster = new ClusterOptions();

    @Override
    public Integer call() {
        QuorumStatus quorum;
        try (Admin admin = address.admin(cluster)) {
            quorum = admin.quorum().describe();
        }
        if (json) {
            terminal.out().println(JsonText.of(fields(quorum)));
            return Terminal.DONE;
        }
        terminal.out().println("Leader: " + quorum.leaderId() + ", epoch " + quorum.leaderEpoch());
        terminal.out().println("High watermark: " + quorum.highWatermark());
        Table table = new Table("", List.of("NODE", "ROLE", "END OFFSET", "LAG", "CAUGHT UP", "DIRECTORY", "ADDRESS"));
        for (QuorumStatus.Replica voter : quorum.voters())
            add(table, quorum, voter, voter.id() == quorum.leaderId() ? "leader" : "voter");
        for (QuorumStatus.Replica observer : quorum.observers()) add(table, quorum, observer, "observer");
        table.print(terminal.out());
        return Terminal.DONE;
    }

    private static void add(Table table, QuorumStatus quorum, QuorumStatus.Replica replica, String role) {
        table.add(
                replica.id(),
                role,
                replica.logEndOffset() < 0 ? "" : replica.logEndOffset(),
                replica.logEndOffset() < 0 ? "" : lag(quorum, replica),
                replica.lastCaughtUpMs() < 0 ? "" : Instant.ofEpochMilli(replica.lastCaughtUpMs()),
                replica.directoryId().equals(Uuid.ZERO) ? "" : replica.directoryId(),
                replica.endpoints().stream().map(HostAndPort::toString).collect(Collectors.joining(",")));
    }

    /** How many records it lacks of what the leader has. */
    private static long lag(QuorumStatus quorum, QuorumStatus.Replica replica) {
        long end = replica.logEndOffset();
        for (QuorumStatus.Replica voter : quorum.voters()) end = Math.max(end, voter.logEndOffset());
        return end - replica.logEndOffset();
    }

    private static Map<String, Object> fields(QuorumStatus quorum) {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("leader", quorum.leaderId());
        fields.put("epoch", quorum.leaderEpoch());
        fields.put("highWatermark", quorum.highWatermark());
        fields.put(
                "voters", quorum.voters().stream().map(QuorumDescribe::fields).toList());
        fields.put(
                "observers",
                quorum.observers().stream().map(QuorumDescribe::fields).toList());
        return fields;
    }

    private static Map<String, Object> fields(QuorumStatus.Replica replica) {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("node", replica.id());
        fields.put("directory", replica.directoryId().toString());
        fields.put("endOffset", replica.logEndOffset());
        fields.put("lastFetchMs", replica.lastFetchMs());
        fields.put("lastCaughtUpMs", replica.lastCaughtUpMs());
        fields.put(
                "endpoints",
                replica.endpoints().stream().map(HostAndPort::toString).toList());
        return fields;
    }
}
