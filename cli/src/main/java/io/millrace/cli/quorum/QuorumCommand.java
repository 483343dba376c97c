package io.millrace.cli.quorum;

import picocli.CommandLine.Command;

/** {@code millrace quorum}: names its commands. */
@Command(
        name = "quorum",
        description = "Show the metadata quorum, and add and remove the controllers that vote in it.",
        mixinStandardHelpOptions = true,
        synopsisSubcommandLabel = "COMMAND",
        subcommands = {QuorumDescribe.class, QuorumAdd.class, QuorumRemove.class})
public final class QuorumCommand {
    /** Made by picocli. */
    public QuorumCommand() {}
}
