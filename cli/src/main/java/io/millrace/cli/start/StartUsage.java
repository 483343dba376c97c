package io.millrace.cli.start;

import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * What {@code --help} and the completion script say about {@code start}. {@link StartOptions} does the parsing; a test holds
 * the two together.
 */
@Command(
        name = "start",
        description = {
            "Start a node: a broker and a controller in one process, or what process.roles says. Without options it listens at 127.0.0.1:9092 and keeps"
                    + " its data in ./data, which is formatted if it is empty.",
            "",
            "Prints one line when it serves; logs go to standard error. SIGTERM and SIGINT stop it cleanly."
        },
        sortOptions = false,
        footer = {
            "",
            "Properties are those of Apache Kafka's server.properties, and six of our own:",
            "  millrace.lanes                    lanes for connections and partitions (default: one per core)",
            "  millrace.metrics.address          HOST:PORT of /metrics and /health (default:",
            "                                    " + MetricsPages.DEFAULT_ADDRESS + "; empty: nowhere)",
            "  millrace.page.cache.kept.bytes    least that stays in the page cache of what was written last,",
            "                                    where new pages are dear (default: " + NodeProcess.DEFAULT_KEPT_BYTES
                    + ";",
            "                                    0: the kernel decides)",
            "  millrace.log.dir.reserve.bytes,",
            "  millrace.log.dir.reserve.percent  what is kept free of each log directory's file system, the",
            "                                    lesser of the two: with less it takes no records until there",
            "                                    is space (default: 1073741824 and 2; 0 in either: nothing is)",
            "  millrace.offsets.topic.grow       whether __consumer_offsets is made with no more replicas than",
            "                                    there are brokers, and gets the others when brokers join",
            "                                    (default: true; false: as Kafka)",
            "",
            "The environment variable MILLRACE_JVM_OPTS adds JVM options, such as -Xmx2g or -Dmillrace.log.level=DEBUG."
        })
// Only the annotations of its fields are read, by picocli.
@SuppressWarnings("UnusedVariable")
public final class StartUsage implements Runnable {
    @Option(
            names = {"-c", "--config"},
            paramLabel = "FILE",
            description = "A server.properties file; Apache Kafka's own will do.")
    private @Nullable String config;

    @Option(names = "--data", paramLabel = "DIR", description = "Where data is kept; the same as --set log.dirs=DIR.")
    private @Nullable String data;

    @Option(
            names = "--listen",
            paramLabel = "HOST:PORT",
            description =
                    "Where clients connect; instead of the file's listeners for clients. Port 0 takes a free one.")
    private @Nullable String listen;

    @Option(
            names = "--set",
            paramLabel = "NAME=VALUE",
            description = "A property; beats the file and the options above.")
    private @Nullable List<String> settings;

    @Option(
            names = {"-t", "--cluster-id"},
            paramLabel = "ID",
            description =
                    "The cluster's id, for formatting an empty directory (default: a random one). Must agree with a"
                            + " directory that is formatted.")
    private @Nullable String clusterId;

    @Option(
            names = {"-r", "--release-version"},
            paramLabel = "VERSION",
            description = "Release whose feature levels an empty directory is formatted with, such as 4.4 or 4.4-IV2.")
    private @Nullable String releaseVersion;

    @Option(
            names = {"-f", "--feature"},
            paramLabel = "NAME=LEVEL",
            description = "Level of one feature an empty directory is formatted with, such as group.version=1.")
    private @Nullable List<String> features;

    @Option(
            names = "--cluster",
            paramLabel = "N",
            description =
                    "Run a cluster of N nodes on this machine instead, each a process of its own, until it is stopped: clients"
                            + " at --listen and the ports after it, controllers at the ports after those, data and"
                            + " properties in --data (default: cluster-data). Partitions have min(N, 3) replicas, of which one"
                            + " may be away, unless --set default.replication.factor, offsets.topic.replication.factor"
                            + " or min.insync.replicas says otherwise. For trying things out.")
    private int cluster;

    @Option(names = "--strict", description = "Refuse properties that are not known, instead of warning about them.")
    private boolean strict;

    @Option(
            names = {"-h", "--help"},
            usageHelp = true,
            description = "Show this help message and exit.")
    private boolean help;

    /** Made by picocli. */
    public StartUsage() {}

    /** Never reached from a shell: {@code start} is recognised before picocli is loaded. */
    @Override
    public void run() {
        throw new IllegalStateException("start has to be the first word of the command line");
    }
}
