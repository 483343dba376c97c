package io.millrace.cli.features;

import picocli.CommandLine.Command;

/** {@code millrace features}: names its commands. */
@Command(
        name = "features",
        description = "Show and change the levels of the cluster's features, metadata.version among them.",
        mixinStandardHelpOptions = true,
        synopsisSubcommandLabel = "COMMAND",
        subcommands = {FeaturesDescribe.class, FeaturesUpgrade.class, FeaturesDowngrade.class})
public final class FeaturesCommand {
    /** Made by picocli. */
    public FeaturesCommand() {}
}
