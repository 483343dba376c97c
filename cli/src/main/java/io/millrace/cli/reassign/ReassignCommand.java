package io.millrace.cli.reassign;

import picocli.CommandLine.Command;

/** {@code millrace reassign}: names its commands. */
@Command(
        name = "reassign",
        description = "Move replicas to other brokers, see how far that is, and call it off.",
        mixinStandardHelpOptions = true,
        synopsisSubcommandLabel = "COMMAND",
        subcommands = {
            ReassignPlan.class,
            ReassignRun.class,
            ReassignWatch.class,
            ReassignBegin.class,
            ReassignList.class,
            ReassignCancel.class
        })
public final class ReassignCommand {
    /** Made by picocli. */
    public ReassignCommand() {}
}
