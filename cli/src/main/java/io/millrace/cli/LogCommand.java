package io.millrace.cli;

import io.millrace.cli.dump.DumpCommand;
import io.millrace.cli.logs.LogDescribe;
import picocli.CommandLine.Command;

/** {@code millrace log}: names its commands. */
@Command(
        name = "log",
        description = "Look into the files of a log directory, or at the logs of a running node.",
        mixinStandardHelpOptions = true,
        synopsisSubcommandLabel = "COMMAND",
        subcommands = {DumpCommand.class, LogDescribe.class})
final class LogCommand {}
