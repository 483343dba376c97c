package io.millrace.cli.context;

import io.millrace.cli.terminal.Contexts;
import io.millrace.cli.terminal.JsonText;
import io.millrace.cli.terminal.Table;
import io.millrace.cli.terminal.Terminal;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code millrace context list}. */
@Command(
        name = "list",
        description = "List the contexts; the current one has a star.",
        mixinStandardHelpOptions = true,
        sortOptions = false)
final class ContextList implements Callable<Integer> {
    @Mixin
    private Terminal terminal = new Terminal();

    @Option(names = "--json", description = "Print one JSON array.")
    private boolean isJson;

    @Override
    public Integer call() throws IOException {
        Contexts contexts = Contexts.ofUser();
        String current = contexts.current().orElse("");
        List<Map<String, Object>> rows = new ArrayList<>();
        Table table = new Table("", List.of("CURRENT", "CONTEXT", "SERVERS", "SECURITY"));
        int status = Terminal.DONE;
        for (String name : contexts.names()) {
            Map<String, String> properties;
            try {
                properties = contexts.read(name);
            } catch (IllegalArgumentException e) {
                terminal.complain("context " + name + ": " + e.getMessage());
                status = Terminal.FAILED;
                continue;
            }
            String servers = properties.getOrDefault("bootstrap.servers", "");
            String security = properties.getOrDefault("security.protocol", "PLAINTEXT");
            table.add(name.equals(current) ? "*" : "", name, servers, security);
            Map<String, Object> row = new LinkedHashMap<>();
            row.put("context", name);
            row.put("isCurrent", name.equals(current));
            row.put("bootstrapServers", servers);
            row.put("securityProtocol", security);
            rows.add(row);
        }
        if (isJson) terminal.out().println(JsonText.of(rows));
        else if (rows.isEmpty()) terminal.out().println("No context is saved; millrace context add NAME saves one.");
        else table.print(terminal.out());
        return status;
    }
}
