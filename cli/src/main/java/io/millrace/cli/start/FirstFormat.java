package io.millrace.cli.start;

import io.millrace.cli.format.FreshId;
import io.millrace.environment.Disk;
import io.millrace.environment.Randomness;
import io.millrace.server.config.BadConfig;
import io.millrace.server.config.ServerConfig;
import io.millrace.server.controller.KnownMetadata;
import io.millrace.server.format.FormatOptions;
import io.millrace.server.format.FormatRefused;
import io.millrace.server.format.Formatter;
import io.millrace.storage.CorruptLog;
import io.millrace.storage.MetaProperties;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Formats what is empty among a node's log directories, so that the first start needs no command before it. */
final class FirstFormat {
    private static final System.Logger LOG = System.getLogger(FirstFormat.class.getName());

    private FirstFormat() {}

    /**
     * Formats if need be. A directory that is formatted already has to belong to the same cluster.
     *
     * @throws BadConfig if a directory holds something else, or the options contradict what is there; nothing has changed then
     * @throws IOException if the disk fails
     */
    static void formatIfEmpty(StartOptions options, ServerConfig config, Disk disk, Randomness randomness, long wallMs)
            throws IOException {
        Set<Path> directories = new LinkedHashSet<>(config.logDirs());
        directories.add(config.metadataLogDir());
        Optional<String> clusterId = Optional.empty();
        boolean isComplete = true;
        @Nullable IOException failure = null;
        for (Path directory : directories) {
            Optional<MetaProperties> found;
            try {
                found = MetaProperties.read(disk, directory);
            } catch (MetaProperties.UnknownVersion unknown) {
                throw new BadConfig(String.valueOf(unknown.getMessage()));
            } catch (CorruptLog damaged) {
                if (failure == null) failure = new IOException(damaged.getMessage(), damaged);
                continue;
            } catch (IOException e) {
                // One that cannot be read is no reason not to serve the others; the node says what it does without.
                if (failure == null) failure = e;
                continue;
            }
            if (found.isEmpty()) isComplete = false;
            else if (clusterId.isEmpty()) clusterId = Optional.of(found.get().clusterId());
        }
        if (failure != null && (clusterId.isEmpty() || !isComplete)) throw failure;
        String asked = options.clusterId();
        if (isComplete) {
            if (asked != null && !clusterId.equals(Optional.of(asked)))
                throw new BadConfig("the data in " + config.logDirs().getFirst() + " belongs to cluster "
                        + clusterId.orElse("?") + ", not to " + asked + " as --cluster-id says");
            if (options.releaseVersion() != null || !options.features().isEmpty())
                LOG.log(
                        System.Logger.Level.WARNING,
                        "--release-version and --feature change nothing: the directories are formatted already");
            return;
        }
        boolean joins = !config.isController() && (asked != null || clusterId.isPresent());
        if (!config.isLone() && !joins) requireFormatCommand(config);
        KnownMetadata.require(disk, config);
        String wanted = asked != null
                ? asked
                : clusterId.orElseGet(() -> FreshId.of(randomness::nextLong).toString());
        try {
            FormatOptions format = new FormatOptions(
                    wanted,
                    Optional.ofNullable(options.releaseVersion()),
                    FormatOptions.features(options.features()),
                    new FormatOptions.QuorumChoice.StandaloneUnlessStatic(),
                    true);
            new Formatter(disk).format(format.plan(config), wallMs, () -> FreshId.of(randomness::nextLong));
        } catch (FormatRefused refused) {
            throw new BadConfig(String.valueOf(refused.getMessage()));
        }
    }

    /** Each of several controllers would begin a cluster of its own, and a broker cannot guess which cluster is meant. */
    private static void requireFormatCommand(ServerConfig config) {
        if (!config.isController())
            throw new BadConfig("the directories of this broker, " + config.logDirs()
                    + ", are not formatted: give the cluster's id with --cluster-id, or run 'millrace format --cluster-id"
                    + " ID --config FILE' first");
        throw new BadConfig("the directories of this controller, " + config.logDirs()
                + ", are not formatted: run 'millrace format --cluster-id ID --config FILE' first, with the same id on"
                + " every controller, and with --standalone or --initial-controllers unless"
                + " controller.quorum.voters is set");
    }
}
