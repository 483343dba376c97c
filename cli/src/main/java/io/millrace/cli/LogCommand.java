package io.millrace.cli;

import io.millrace.cli.dump.DumpCommand;
import picocli.CommandLine.Command;

/** {@code millrace log}: names its commands. */
@Command(
        name = "log",
        description = "Look into the files of a log directory.",
        mixinStandardHelpOptions = true,
        synopsisSubcommandLabel = "COMMAND",
        subcommands = DumpCommand.class)
final class LogCommand {}
