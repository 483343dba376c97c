package io.millrace.cli.node;

import picocli.CommandLine.Command;

/** {@code millrace node}: names its commands. */
@Command(
        name = "node",
        description = "List the brokers of the cluster, empty one, and have the cluster forget one.",
        mixinStandardHelpOptions = true,
        synopsisSubcommandLabel = "COMMAND",
        subcommands = {NodeList.class, NodeDrain.class, NodeUnregister.class})
public final class NodeCommand {
    /** Made by picocli. */
    public NodeCommand() {}
}
