package io.millrace.cli.context;

import io.millrace.cli.terminal.ConnectionProperties;
import io.millrace.cli.terminal.Contexts;
import io.millrace.cli.terminal.Terminal;
import io.millrace.client.HostAndPort;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code millrace context add NAME}. */
@Command(
        name = "add",
        description = "Save a cluster under a name. The first one saved is used from then on.",
        mixinStandardHelpOptions = true,
        sortOptions = false)
final class ContextAdd implements Callable<Integer> {
    @Mixin
    private Terminal terminal = new Terminal();

    @Parameters(index = "0", paramLabel = "NAME", description = "What it shall be called.")
    private String name = "";

    @Option(
            names = {"-b", "--bootstrap-server", "--bootstrap"},
            paramLabel = "HOST:PORT,...",
            description = "One or more nodes of the cluster.")
    private @Nullable String bootstrapServer;

    @Option(
            names = "--command-config",
            paramLabel = "FILE",
            description =
                    "A file with properties to be copied: bootstrap.servers, client.id, security.*, ssl.*, sasl.*.")
    private @Nullable Path file;

    @Option(
            names = {"-P", "--property"},
            paramLabel = "NAME=VALUE",
            description = "Such a property.")
    private List<String> pairs = new ArrayList<>();

    @Option(names = "--replace", description = "Replace one of the same name.")
    private boolean isReplacing;

    @Option(names = "--use", description = "Use it from now on.")
    private boolean isUsed;

    @Override
    public Integer call() throws IOException {
        Contexts contexts = Contexts.ofUser();
        try {
            Map<String, String> properties = properties();
            if (contexts.has(name) && !isReplacing) {
                terminal.complain("there is a context " + name + " already; --replace replaces it");
                return Terminal.FAILED;
            }
            boolean isFirst = contexts.names().isEmpty();
            contexts.write(name, properties);
            if (isUsed || isFirst) contexts.use(name);
            terminal.out()
                    .println("Saved context " + name + " (" + properties.get("bootstrap.servers") + ")"
                            + (isUsed || isFirst ? "; it is the current one now." : "."));
            return Terminal.DONE;
        } catch (IllegalArgumentException e) {
            throw terminal.wronglyAsked(String.valueOf(e.getMessage()));
        }
    }

    private Map<String, String> properties() {
        Path from = file;
        Map<String, String> properties = from == null ? new TreeMap<>() : ConnectionProperties.read(from);
        for (String pair : pairs) {
            int equals = pair.indexOf('=');
            if (equals < 1) throw terminal.wronglyAsked("--property '" + pair + "' is not NAME=VALUE");
            properties.put(ConnectionProperties.checked(pair.substring(0, equals)), pair.substring(equals + 1));
        }
        String servers = bootstrapServer;
        if (servers != null) properties.put("bootstrap.servers", servers);
        String all = properties.get("bootstrap.servers");
        if (all == null) throw terminal.wronglyAsked("say where the cluster is, with --bootstrap HOST:PORT");
        List<HostAndPort> _ = HostAndPort.parseList(all);
        return properties;
    }
}
