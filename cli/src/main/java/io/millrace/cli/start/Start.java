package io.millrace.cli.start;

import io.millrace.server.Ready;
import io.millrace.server.config.BadConfig;
import io.millrace.server.config.ListenerAddress;
import io.millrace.server.config.ServerConfig;
import io.millrace.storage.CorruptLog;
import io.millrace.storage.LogDirectoryFailed;
import java.io.IOException;
import java.io.PrintStream;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * {@code millrace start}. Ends with 0 after SIGTERM or SIGINT, with 1 if the node could not start or go on, with 2 if the
 * command line makes no sense. Prints one line to standard output, when it serves.
 */
public final class Start {
    private static final System.Logger LOG = System.getLogger(Start.class.getName());
    private static final int STOPPED = 0;
    private static final int FAILED = 1;
    private static final int WRONGLY_ASKED = 2;

    private final StartOptions options;
    private final String version;
    private final PrintStream out;
    private final PrintStream err;

    private final BiConsumer<Ready, NodeProcess> whenReady;

    Start(
            StartOptions options,
            String version,
            PrintStream out,
            PrintStream err,
            BiConsumer<Ready, NodeProcess> whenReady) {
        this.options = options;
        this.version = version;
        this.out = out;
        this.err = err;
        this.whenReady = whenReady;
    }

    /**
     * Starts a node and returns when it is booting; its lanes keep the process alive. Does not return if it fails.
     *
     * @param version of this program, for the line that says ready
     * @return false if help is wanted instead, which is somebody else's business
     */
    public static boolean run(List<String> arguments, String version) {
        StartOptions options;
        try {
            options = StartOptions.parse(arguments);
        } catch (StartOptions.WronglyAsked e) {
            System.err.println("millrace: " + e.getMessage());
            Runtime.getRuntime().halt(WRONGLY_ASKED);
            return true;
        }
        if (options.wantsHelp()) return false;
        new Start(options, version, System.out, System.err, (ready, process) -> {}).run();
        return true;
    }

    void run() {
        NodeProcess process = null;
        try {
            if (options.cluster() > 0) {
                LocalCluster.run(options, version, out, err);
                return;
            }
            ServerConfig config = StartProperties.of(options);
            checkNames(config);
            Optional<InetSocketAddress> metrics = MetricsPages.address(config);
            process = NodeProcess.begin(config, this::giveUp);
            NodeProcess begun = process;
            // A hook that halts decides the exit status; after SIGTERM it would be 143 otherwise.
            Runtime.getRuntime().addShutdownHook(new Thread(() -> stop(begun), "stop"));
            FirstFormat.formatIfEmpty(
                    options, config, begun.host().disk(), begun.host().randomness(), System.currentTimeMillis());
            if (MetricsPages.isAskedFor(config) && metrics.isPresent())
                MetricsPages.open(metrics.get(), begun::node, begun.host().cache());
            begun.boot(
                    config,
                    ready -> {
                        say(ready, config);
                        if (!MetricsPages.isAskedFor(config))
                            metrics.ifPresent(address -> serveMetricsByDefault(address, begun));
                        whenReady.accept(ready, begun);
                    },
                    why -> endLater(begun, why));
        } catch (BadConfig | CorruptLog | LogDirectoryFailed refused) {
            refuse(String.valueOf(refused.getMessage()), process);
        } catch (IOException failed) {
            refuse(DiskSentence.of(failed), process);
        }
    }

    private void checkNames(ServerConfig config) {
        for (String sentence : config.withoutEffect()) LOG.log(System.Logger.Level.WARNING, sentence);
        List<String> unknown = config.unknownNames();
        if (unknown.isEmpty()) return;
        if (options.isStrict()) throw new BadConfig(String.join("; ", unknown));
        for (String sentence : unknown) LOG.log(System.Logger.Level.WARNING, sentence);
    }

    private void say(Ready ready, ServerConfig config) {
        ListenerAddress listener = ready.listeners().stream()
                .filter(it -> !config.isBroker() || !config.isControllerListener(it.name()))
                .findFirst()
                .orElseThrow();
        String host = listener.host().isEmpty() ? "0.0.0.0" : listener.host();
        StringBuilder directories = new StringBuilder();
        for (Path directory : config.logDirs())
            directories.append(directories.isEmpty() ? "" : ",").append(directory);
        out.println("Millrace " + version + " ready in " + ProcessAge.ms(ready.bootMs()) + " ms: "
                + (host.indexOf(':') >= 0 ? "[" + host + "]" : host) + ":" + listener.port() + " (data " + directories
                + ", cluster " + ready.clusterId() + ")");
        out.flush();
    }

    /** After ready, on a thread of its own: a web server is more than all else a start loads. */
    private static void serveMetricsByDefault(InetSocketAddress address, NodeProcess process) {
        Thread.ofPlatform().daemon().name("metrics").start(() -> {
            try {
                MetricsPages.open(address, process::node, process.host().cache());
            } catch (IOException taken) {
                LOG.log(
                        System.Logger.Level.WARNING,
                        "metrics are not served: " + taken.getMessage() + "; --set " + ServerConfig.METRICS_ADDRESS
                                + "=HOST:PORT serves them elsewhere");
            }
        });
    }

    /** On SIGTERM and SIGINT, in the shutdown hook. */
    private void stop(NodeProcess process) {
        Optional<String> problem = process.stop();
        problem.ifPresent(this::complain);
        end(problem.isPresent() ? FAILED : STOPPED);
    }

    /** A lane is dead, so an orderly stop would wait for it for ever; what is on disk is what recovery is made for. */
    private void giveUp(String sentence) {
        complain(sentence);
        end(FAILED);
    }

    /** The node says on a lane that it cannot go on; what still can be closed is, on another thread. */
    private void endLater(NodeProcess process, Exception why) {
        Thread.ofPlatform().name("end").start(() -> {
            complain(why instanceof IOException failed ? DiskSentence.of(failed) : String.valueOf(why.getMessage()));
            process.stop().ifPresent(this::complain);
            end(FAILED);
        });
    }

    private void refuse(String sentence, @Nullable NodeProcess process) {
        complain(sentence);
        if (process != null) process.stop().ifPresent(this::complain);
        end(FAILED);
    }

    private void complain(String sentence) {
        err.println("millrace: " + sentence);
    }

    private void end(int status) {
        out.flush();
        err.flush();
        Runtime.getRuntime().halt(status);
    }
}
