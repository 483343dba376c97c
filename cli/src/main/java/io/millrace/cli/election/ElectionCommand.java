package io.millrace.cli.election;

import picocli.CommandLine.Command;

/** {@code millrace election}: names its command. */
@Command(
        name = "election",
        description = "Have leaders elected for partitions.",
        mixinStandardHelpOptions = true,
        synopsisSubcommandLabel = "COMMAND",
        subcommands = ElectionRun.class)
public final class ElectionCommand {
    /** Made by picocli. */
    public ElectionCommand() {}
}
