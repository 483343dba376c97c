package io.millrace.cli.consume;

import io.millrace.cli.terminal.ClusterOptions;
import io.millrace.cli.terminal.FileTrouble;
import io.millrace.cli.terminal.Terminal;
import io.millrace.client.consumer.ConsumerOptions;
import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** A mixin: how a command's consumer reads. What is said on the command line beats the file. */
public final class ReadingOptions {
    @Option(
            names = {"-P", "--property"},
            paramLabel = "NAME=VALUE",
            description = "A property of the consumer, such as isolation.level=read_committed.")
    private List<String> properties = new ArrayList<>();

    @Option(names = "--properties", paramLabel = "FILE", description = "A file with properties of the consumer.")
    private @Nullable Path propertiesFile;

    /** Made by picocli. */
    public ReadingOptions() {}

    /**
     * All of it as the consumer takes it. Nothing waits longer than the cluster's timeout, and no topic is made by reading it,
     * unless that is said.
     *
     * @param reset what {@code auto.offset.reset} is unless it is said
     * @throws picocli.CommandLine.ParameterException if a value cannot be understood, or the file not be read
     */
    public ConsumerOptions toConsumerOptions(ClusterOptions cluster, Terminal terminal, String clientId, String reset) {
        return toConsumerOptions(cluster, terminal, clientId, reset, null);
    }

    /**
     * As {@link #toConsumerOptions(ClusterOptions, Terminal, String, String)}, for a consumer of a group.
     *
     * @param group its name, which beats all else that is said of it; null for none
     */
    ConsumerOptions toConsumerOptions(
            ClusterOptions cluster, Terminal terminal, String clientId, String reset, @Nullable String group) {
        Map<String, Object> all = new TreeMap<>();
        all.put("client.id", clientId);
        all.put("default.api.timeout.ms", cluster.timeoutMs());
        all.put("allow.auto.create.topics", "false");
        all.put("auto.offset.reset", reset);
        Path file = propertiesFile;
        if (file != null) {
            Properties read = new Properties();
            try (Reader in = Files.newBufferedReader(file)) {
                read.load(in);
            } catch (IOException | IllegalArgumentException e) {
                throw terminal.wronglyAsked("--properties " + file + " cannot be read: " + FileTrouble.why(e));
            }
            for (String name : read.stringPropertyNames()) all.put(name, read.getProperty(name));
        }
        // Another cluster's addresses come with none of the current context's credentials.
        boolean isSaidInFile = all.containsKey("bootstrap.servers");
        if (!isSaidInFile || cluster.isStated()) all.putAll(cluster.properties(isSaidInFile));
        for (String pair : properties) {
            int equals = pair.indexOf('=');
            if (equals < 1) throw terminal.wronglyAsked("--property '" + pair + "' is not NAME=VALUE");
            all.put(pair.substring(0, equals), pair.substring(equals + 1));
        }
        if (group != null) all.put("group.id", group);
        try {
            ClusterOptions.requireReadableStores(all);
            return ConsumerOptions.of(all);
        } catch (IllegalArgumentException e) {
            throw terminal.wronglyAsked(String.valueOf(e.getMessage()));
        }
    }
}
