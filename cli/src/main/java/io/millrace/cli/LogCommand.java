package io.millrace.cli;

import io.millrace.cli.dump.DumpCommand;
import io.millrace.cli.logs.LogDescribe;
import io.millrace.cli.logs.LogDirs;
import io.millrace.cli.logs.LogMove;
import picocli.CommandLine.Command;

/** {@code millrace log}: names its commands. */
@Command(
        name = "log",
        description =
                "Look into the files of a log directory, or at the logs and log directories of running nodes, and move replicas"
                        + " between these.",
        mixinStandardHelpOptions = true,
        synopsisSubcommandLabel = "COMMAND",
        subcommands = {DumpCommand.class, LogDescribe.class, LogDirs.class, LogMove.class})
final class LogCommand {}
