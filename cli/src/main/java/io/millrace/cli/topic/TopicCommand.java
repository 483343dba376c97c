package io.millrace.cli.topic;

import picocli.CommandLine.Command;

/** {@code millrace topic}: names its commands. */
@Command(
        name = "topic",
        description = "Create, list, describe, alter, trim and delete topics, and find their offsets.",
        mixinStandardHelpOptions = true,
        synopsisSubcommandLabel = "COMMAND",
        subcommands = {
            TopicCreate.class,
            TopicList.class,
            TopicDescribe.class,
            TopicAlter.class,
            TopicDelete.class,
            TopicOffsets.class,
            TopicTrim.class,
            TopicProducers.class
        })
public final class TopicCommand {
    /** Made by picocli. */
    public TopicCommand() {}
}
