package io.millrace.cli.terminal;

import io.millrace.client.Admin;
import io.millrace.client.AdminOptions;
import io.millrace.client.HostAndPort;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** A mixin: which cluster a command talks to, and how long it waits for it. */
public final class ClusterOptions {
    private static final String CLIENT_ID = "millrace-cli";
    private static final int MS_PER_SECOND = 1_000;
    private static final int MOST_SECONDS = 24 * 60 * 60;

    @Spec(Spec.Target.MIXEE)
    private @Nullable CommandSpec command;

    @Option(
            names = {"-b", "--bootstrap-server", "--bootstrap"},
            paramLabel = "HOST:PORT,...",
            defaultValue = "localhost:9092",
            description = "One or more nodes of the cluster, tried in order (default: ${DEFAULT-VALUE}).")
    private String bootstrapServer = "localhost:9092";

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
        int timeoutMs = timeoutMs();
        List<HostAndPort> bootstrap;
        try {
            bootstrap = HostAndPort.parseList(bootstrapServer);
        } catch (IllegalArgumentException e) {
            throw wronglyAsked("--bootstrap-server " + e.getMessage());
        }
        int connectTimeoutMs = Math.min(timeoutMs, AdminOptions.DEFAULT.connectTimeoutMs());
        return Admin.of(bootstrap, new AdminOptions(CLIENT_ID, timeoutMs, connectTimeoutMs));
    }

    /** The addresses as they were given, or the default. */
    public String bootstrapServers() {
        return bootstrapServer;
    }

    /** Whether the addresses were given, rather than left to the default. */
    public boolean isStated() {
        CommandSpec given = command;
        return given != null && given.commandLine().getParseResult().hasMatchedOption("--bootstrap-server");
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
