package io.millrace.cli.transaction;

import io.millrace.cli.terminal.ClusterOptions;
import io.millrace.cli.terminal.JsonText;
import io.millrace.cli.terminal.Table;
import io.millrace.cli.terminal.Terminal;
import io.millrace.client.Admin;
import io.millrace.client.TransactionAdmin;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code millrace transaction list}. */
@Command(
        name = "list",
        description = "List the transactional ids that coordinators know.",
        mixinStandardHelpOptions = true,
        sortOptions = false)
final class TransactionList implements Callable<Integer> {
    @Mixin
    private Terminal terminal = new Terminal();

    @Option(
            names = "--state",
            paramLabel = "STATE",
            description = "Only those in this state: Empty, Ongoing, PrepareCommit, PrepareAbort, CompleteCommit,"
                    + " CompleteAbort, PrepareEpochFence; may be given several times.")
    private List<String> states = new ArrayList<>();

    @Option(names = "--json", description = "Print one JSON array.")
    private boolean json;

    @Mixin
    private ClusterOptions cluster = new ClusterOptions();

    @Override
    public Integer call() {
        List<TransactionAdmin.Listing> listed;
        try (Admin admin = cluster.admin()) {
            listed = admin.transactions().list(states);
        } catch (IllegalArgumentException unknown) {
            throw terminal.wronglyAsked("--state: " + unknown.getMessage());
        }
        if (json) {
            List<Map<String, @Nullable Object>> rows = new ArrayList<>();
            for (TransactionAdmin.Listing each : listed) {
                Map<String, @Nullable Object> fields = new LinkedHashMap<>();
                fields.put("transactionalId", each.transactionalId());
                fields.put("producerId", each.producerId());
                fields.put("state", each.state());
                rows.add(fields);
            }
            terminal.out().println(JsonText.of(rows));
        } else if (!listed.isEmpty()) {
            Table table = new Table("", List.of("TRANSACTIONAL-ID", "PRODUCER", "STATE"));
            for (TransactionAdmin.Listing each : listed)
                table.add(each.transactionalId(), each.producerId(), each.state());
            table.print(terminal.out());
        }
        return Terminal.DONE;
    }
}
