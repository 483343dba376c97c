package io.millrace.cli.terminal;

import io.millrace.client.Admin;
import io.millrace.client.AdminOptions;
import io.millrace.client.HostAndPort;
import io.millrace.client.security.ConnectionSecurity;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/**
 * A mixin: which cluster a command talks to, and how long it waits for it. {@code --bootstrap-server} beats {@code --command-config}, which
 * beats {@code --context}. Where none of them is said it is the current context, if there is one: a cluster that is named never gets the
 * credentials of another.
 */
public final class ClusterOptions {
    private static final String SERVERS = "bootstrap.servers";
    private static final String DEFAULT_SERVERS = "localhost:9092";
    private static final String CLIENT_ID = "millrace-cli";
    private static final int MS_PER_SECOND = 1_000;
    private static final int MOST_SECONDS = 24 * 60 * 60;

    @Spec(Spec.Target.MIXEE)
    private @Nullable CommandSpec command;

    @Option(
            names = {"-b", "--bootstrap-server", "--bootstrap"},
            paramLabel = "HOST:PORT,...",
            description =
                    "One or more nodes of the cluster, tried in order (default: those of the current context, else"
                            + " localhost:9092).")
    private @Nullable String bootstrapServer;

    @Option(names = "--context", paramLabel = "NAME", description = "A cluster saved with millrace context.")
    private @Nullable String context;

    @Option(
            names = "--command-config",
            paramLabel = "FILE",
            description =
                    "A file with properties of the connection: bootstrap.servers, client.id, security.*, ssl.*, sasl.*.")
    private @Nullable Path commandConfig;

    @Option(
            names = "--timeout",
            paramLabel = "SECONDS",
            defaultValue = "30",
            description = "Longest time to wait for an answer (default: ${DEFAULT-VALUE}).")
    private int timeoutSeconds = 30;

    /** Made by picocli. */
    public ClusterOptions() {}

    /** An admin for that cluster; the caller closes it. */
    public Admin admin() {
        return admin(null);
    }

    /**
     * As {@link #admin()}, or for controllers that are asked themselves.
     *
     * @param controllers their addresses, which stand in the place of the cluster's; null to ask brokers
     */
    public Admin admin(@Nullable String controllers) {
        int timeoutMs = timeoutMs();
        if (controllers != null && bootstrapServer != null)
            throw wronglyAsked("say --bootstrap-server or --bootstrap-controller, and not both");
        Map<String, String> properties = properties(controllers != null);
        List<HostAndPort> bootstrap;
        try {
            bootstrap = HostAndPort.parseList(controllers == null ? bootstrapServers() : controllers);
        } catch (IllegalArgumentException e) {
            throw wronglyAsked(
                    (controllers == null ? "--bootstrap-server " : "--bootstrap-controller ") + e.getMessage());
        }
        int connectTimeoutMs = Math.min(timeoutMs, AdminOptions.DEFAULT.connectTimeoutMs());
        String clientId = properties.getOrDefault("client.id", CLIENT_ID);
        try {
            var options = new AdminOptions(clientId, timeoutMs, connectTimeoutMs);
            ConnectionSecurity security = ConnectionSecurity.of(properties);
            return controllers == null
                    ? Admin.of(bootstrap, options, security)
                    : Admin.ofControllers(bootstrap, options, security);
        } catch (IllegalArgumentException e) {
            throw wronglyAsked(String.valueOf(e.getMessage()));
        }
    }

    /**
     * All properties of the connection, as producers and consumers take them; {@code bootstrap.servers} is always among them.
     *
     * @param isSaidElsewhere whether the addresses are said in another way, so that the current context is not meant
     */
    public Map<String, String> properties(boolean isSaidElsewhere) {
        Map<String, String> properties = new TreeMap<>();
        Path file = commandConfig;
        String servers = bootstrapServer;
        try {
            String named = context;
            if (named == null && file == null && servers == null && !isSaidElsewhere)
                named = Contexts.ofUser().current().orElse(null);
            if (named != null) properties.putAll(Contexts.ofUser().read(named));
            if (file != null) properties.putAll(ConnectionProperties.read(file));
        } catch (IllegalArgumentException e) {
            throw wronglyAsked(String.valueOf(e.getMessage()));
        } catch (IOException e) {
            throw wronglyAsked("the current context cannot be read: " + FileTrouble.why(e));
        }
        if (servers != null) properties.put(SERVERS, servers);
        properties.putIfAbsent(SERVERS, DEFAULT_SERVERS);
        return properties;
    }

    /**
     * Says what is wrong with stores of keys and certificates before a client is made with them.
     *
     * @throws IllegalArgumentException naming the property
     */
    public static void requireReadableStores(Map<String, ?> properties) {
        Map<String, String> texts = new TreeMap<>();
        properties.forEach((name, value) -> texts.put(name, String.valueOf(value)));
        ConnectionSecurity security = ConnectionSecurity.of(texts);
        if (security.isTls() && security.tls().isEmpty()) throw new IllegalArgumentException("there is no TLS");
    }

    /** The addresses that were said, or saved, or the default. */
    public String bootstrapServers() {
        return properties(false).getOrDefault(SERVERS, DEFAULT_SERVERS);
    }

    /** Whether the cluster was said on the command line, rather than left to what is saved or usual. */
    public boolean isStated() {
        return bootstrapServer != null || context != null || commandConfig != null;
    }

    /** How long to wait for an answer, in milliseconds. */
    public int timeoutMs() {
        if (timeoutSeconds < 1 || timeoutSeconds > MOST_SECONDS)
            throw wronglyAsked("--timeout " + timeoutSeconds + " is not in [1, " + MOST_SECONDS + "]");
        return timeoutSeconds * MS_PER_SECOND;
    }

    private ParameterException wronglyAsked(String sentence) {
        CommandSpec given = command;
        if (given == null) throw new IllegalStateException("picocli has not given the mixin its command");
        return new ParameterException(given.commandLine(), sentence);
    }
}
