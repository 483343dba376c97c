package io.millrace.cli.group;

import picocli.CommandLine.Command;

/** {@code millrace group}: names its commands. */
@Command(
        name = "group",
        description = "List, describe and delete groups, and reset or delete their offsets.",
        mixinStandardHelpOptions = true,
        synopsisSubcommandLabel = "COMMAND",
        subcommands = {
            GroupList.class,
            GroupDescribe.class,
            GroupReset.class,
            GroupDelete.class,
            GroupDeleteOffsets.class
        })
public final class GroupCommand {
    /** Made by picocli. */
    public GroupCommand() {}
}
