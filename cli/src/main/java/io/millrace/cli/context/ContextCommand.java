package io.millrace.cli.context;

import picocli.CommandLine.Command;

/** {@code millrace context}: names its commands. */
@Command(
        name = "context",
        description = "Save clusters under names; the current one is what commands talk to when nothing else is said.",
        mixinStandardHelpOptions = true,
        synopsisSubcommandLabel = "COMMAND",
        subcommands = {ContextAdd.class, ContextUse.class, ContextList.class, ContextShow.class, ContextRemove.class},
        footer = {
            "",
            "Contexts lie in millrace/contexts below $XDG_CONFIG_HOME, or below ~/.config, as files only you can read."
        })
public final class ContextCommand {
    /** Made by picocli. */
    public ContextCommand() {}
}
