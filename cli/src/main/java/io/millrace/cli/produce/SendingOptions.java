package io.millrace.cli.produce;

import io.millrace.cli.terminal.ClusterOptions;
import io.millrace.cli.terminal.FileTrouble;
import io.millrace.cli.terminal.Terminal;
import io.millrace.client.producer.ProducerOptions;
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

/** A mixin: how a command's producer sends. What is said on the command line beats the file. */
public final class SendingOptions {
    @Option(
            names = {"-z", "--compression"},
            paramLabel = "CODEC",
            description = "none, gzip, snappy, lz4 or zstd (default: none).")
    private @Nullable String compression;

    @Option(
            names = {"-a", "--acks"},
            paramLabel = "ACKS",
            description = "0, 1 or all (default: all).")
    private @Nullable String acks;

    @Option(
            names = {"-P", "--property"},
            paramLabel = "NAME=VALUE",
            description = "A property of the producer, such as linger.ms=50.")
    private List<String> properties = new ArrayList<>();

    @Option(names = "--properties", paramLabel = "FILE", description = "A file with properties of the producer.")
    private @Nullable Path propertiesFile;

    /** Made by picocli. */
    public SendingOptions() {}

    /**
     * All of it as a producer without transactions takes it.
     *
     * @throws picocli.CommandLine.ParameterException if there is a {@code transactional.id}, a value cannot be understood, or
     *     the file not be read
     */
    public ProducerOptions toProducerOptions(ClusterOptions cluster, Terminal terminal, String clientId) {
        ProducerOptions options = toProducerOptions(cluster, terminal, clientId, null);
        if (options.isTransactional()) {
            throw terminal.wronglyAsked("transactional.id is set, and this command sends in no transactions");
        }
        return options;
    }

    /**
     * All of it as the producer takes it. A send waits no longer than the cluster's timeout unless {@code max.block.ms} is said.
     *
     * @param transactionalId beats {@code transactional.id} of the properties; null to leave it to them
     * @throws picocli.CommandLine.ParameterException if a value cannot be understood, or the file not be read
     */
    ProducerOptions toProducerOptions(
            ClusterOptions cluster, Terminal terminal, String clientId, @Nullable String transactionalId) {
        Map<String, Object> all = new TreeMap<>();
        all.put("client.id", clientId);
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
        if (compression != null) all.put("compression.type", compression);
        if (acks != null) all.put("acks", acks);
        if (transactionalId != null) all.put("transactional.id", transactionalId);
        try {
            ClusterOptions.requireReadableStores(all);
            ProducerOptions options = ProducerOptions.of(all);
            return all.containsKey("max.block.ms") ? options : options.with("max.block.ms", cluster.timeoutMs());
        } catch (IllegalArgumentException e) {
            throw terminal.wronglyAsked(String.valueOf(e.getMessage()));
        }
    }
}
