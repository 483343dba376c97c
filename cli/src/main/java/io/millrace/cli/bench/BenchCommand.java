package io.millrace.cli.bench;

import picocli.CommandLine.Command;

/** {@code millrace bench}: names its commands. */
@Command(
        name = "bench",
        description = "Measure how fast a cluster is.",
        mixinStandardHelpOptions = true,
        synopsisSubcommandLabel = "COMMAND",
        subcommands = {BenchProduce.class, BenchConsume.class, BenchLatency.class, BenchEndToEnd.class})
public final class BenchCommand {
    /** Made by picocli. */
    public BenchCommand() {}
}
