package io.millrace.cli.format;

import io.millrace.host.HostDisk;
import io.millrace.protocol.Uuid;
import io.millrace.server.config.BadConfig;
import io.millrace.server.config.PropertiesFile;
import io.millrace.server.config.ServerConfig;
import io.millrace.server.format.FormatOptions;
import io.millrace.server.format.FormatOptions.QuorumChoice;
import io.millrace.server.format.FormatPlan;
import io.millrace.server.format.FormatRefused;
import io.millrace.server.format.FormatReport;
import io.millrace.server.format.Formatter;
import io.millrace.storage.CorruptLog;
import io.millrace.storage.MetaProperties;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code millrace format}: ends with 0 if everything asked for is formatted, with 1 and one sentence if nothing was. */
@Command(
        name = "format",
        description =
                "Format the log directories of a node, as Kafka's storage tool does. Refuses directories that belong"
                        + " to another cluster or node, or that hold anything else.",
        mixinStandardHelpOptions = true,
        sortOptions = false)
public final class FormatCommand implements Callable<Integer> {
    private static final SecureRandom RANDOM = new SecureRandom();

    @Spec
    private @Nullable CommandSpec spec;

    @Option(
            names = {"-c", "--config"},
            paramLabel = "FILE",
            description = "The node's server.properties.")
    private @Nullable Path config;

    @Option(names = "--data", paramLabel = "DIR", description = "The log directory; the same as --set log.dirs=DIR.")
    private @Nullable Path data;

    @Option(names = "--set", paramLabel = "NAME=VALUE", description = "A property, before what the file says.")
    private List<String> settings = new ArrayList<>();

    @Option(
            names = {"-t", "--cluster-id"},
            paramLabel = "ID",
            description = "The cluster's id, the same on all its nodes. Without it a random one is made and printed.")
    private @Nullable String clusterId;

    @Option(
            names = {"-r", "--release-version"},
            paramLabel = "VERSION",
            description = "Release whose feature levels the cluster starts with, such as 4.4 or 4.4-IV2, from 3.3 on.")
    private @Nullable String releaseVersion;

    @Option(
            names = {"-f", "--feature"},
            paramLabel = "NAME=LEVEL",
            description = "Level of one feature, such as group.version=1.")
    private List<String> features = new ArrayList<>();

    @ArgGroup(exclusive = true)
    private @Nullable Quorum quorum;

    @Option(
            names = {"-g", "--ignore-formatted"},
            description = "Pass over directories of this node that are formatted already.")
    private boolean ignoreFormatted;

    /** Which quorum; at most one. */
    private static final class Quorum {
        @Option(
                names = {"-s", "--standalone"},
                description = "This controller is the only voter of a dynamic quorum; others can join.")
        private boolean standalone;

        @Option(
                names = {"-N", "--no-initial-controllers"},
                description = "This node will join a dynamic quorum that exists.")
        private boolean noInitialControllers;

        @Option(
                names = {"-I", "--initial-controllers"},
                paramLabel = "ID@HOST:PORT:DIRECTORY-ID,...",
                description = "The voters of a dynamic quorum, the same list on all of them.")
        private @Nullable String initialControllers;
    }

    /** Made by picocli. */
    public FormatCommand() {}

    @Override
    public Integer call() {
        CommandSpec command = spec;
        if (command == null) throw new IllegalStateException("picocli has not given the command its spec");
        PrintWriter out = command.commandLine().getOut();
        try {
            ServerConfig server = new ServerConfig(properties(command));
            Formatter formatter = new Formatter(new HostDisk());
            FormatOptions options = new FormatOptions(
                    clusterId(formatter, server),
                    Optional.ofNullable(releaseVersion),
                    FormatOptions.features(features),
                    quorumChoice(),
                    ignoreFormatted);
            FormatPlan plan = options.plan(server);
            FormatReport report = formatter.format(plan, System.currentTimeMillis(), FormatCommand::freshId);
            print(out, plan, report);
            return 0;
        } catch (FormatRefused | BadConfig | CorruptLog refused) {
            command.commandLine().getErr().println(refused.getMessage());
        } catch (NoSuchFileException missing) {
            command.commandLine().getErr().println(missing.getMessage() + " does not exist");
        } catch (IOException failed) {
            command.commandLine().getErr().println("cannot format: " + failed.getMessage());
        }
        return 1;
    }

    private static void print(PrintWriter out, FormatPlan plan, FormatReport report) {
        for (FormatReport.Formatted formatted : report.formatted()) {
            out.println("Formatted " + formatted.kind() + " " + formatted.directory() + " with metadata.version "
                    + plan.metadataVersion() + " (cluster " + plan.clusterId() + ", node " + plan.nodeId()
                    + ", directory "
                    + formatted.properties().directoryId() + ").");
        }
        if (report.formatted().isEmpty()) out.println("All of the log directories are already formatted.");
        out.flush();
    }

    /** Nobody who leaves the id out means another cluster than the one the directories belong to. */
    private String clusterId(Formatter formatter, ServerConfig server) throws IOException {
        if (clusterId != null) return clusterId;
        return formatter
                .formattedFor(server.logDirs())
                .map(MetaProperties::clusterId)
                .orElseGet(() -> freshId().toString());
    }

    private static Uuid freshId() {
        return FreshId.of(RANDOM::nextLong);
    }

    private QuorumChoice quorumChoice() {
        Quorum chosen = quorum;
        if (chosen == null) return new QuorumChoice.Unstated();
        if (chosen.standalone) return new QuorumChoice.Standalone();
        if (chosen.noInitialControllers) return new QuorumChoice.NoInitialControllers();
        return chosen.initialControllers == null
                ? new QuorumChoice.Unstated()
                : new QuorumChoice.InitialControllers(chosen.initialControllers);
    }

    private Map<String, String> properties(CommandSpec command) throws IOException {
        Map<String, String> stated = new LinkedHashMap<>();
        if (config != null) stated.putAll(PropertiesFile.parse(Files.readString(config), config.toString()));
        if (data != null) stated.put("log.dirs", data.toString());
        for (String setting : settings) {
            int equals = setting.indexOf('=');
            if (equals <= 0) {
                throw new ParameterException(command.commandLine(), "--set " + setting + ": want NAME=VALUE");
            }
            stated.put(
                    setting.substring(0, equals).strip(),
                    setting.substring(equals + 1).strip());
        }
        return stated;
    }
}
