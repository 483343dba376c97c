package io.millrace.cli.config;

import picocli.CommandLine.Command;

/** {@code millrace config}: names its commands. */
@Command(
        name = "config",
        description = "Describe and alter the configuration of topics, brokers and groups.",
        mixinStandardHelpOptions = true,
        synopsisSubcommandLabel = "COMMAND",
        subcommands = {ConfigDescribe.class, ConfigAlter.class})
public final class ConfigCommand {
    /** Made by picocli. */
    public ConfigCommand() {}
}
