package io.millrace.cli.cluster;

import picocli.CommandLine.Command;

/** {@code millrace cluster}: names its command. */
@Command(
        name = "cluster",
        description = "See how a cluster is as a whole.",
        mixinStandardHelpOptions = true,
        synopsisSubcommandLabel = "COMMAND",
        subcommands = ClusterDescribe.class)
public final class ClusterCommand {
    /** Made by picocli. */
    public ClusterCommand() {}
}
