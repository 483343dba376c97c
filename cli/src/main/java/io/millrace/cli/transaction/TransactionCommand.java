package io.millrace.cli.transaction;

import picocli.CommandLine.Command;

/** {@code millrace transaction}: names its commands. */
@Command(
        name = "transaction",
        description = "List and describe transactions, and end one that hangs.",
        mixinStandardHelpOptions = true,
        synopsisSubcommandLabel = "COMMAND",
        subcommands = {TransactionList.class, TransactionDescribe.class, TransactionAbort.class})
public final class TransactionCommand {
    /** Made by picocli. */
    public TransactionCommand() {}
}
