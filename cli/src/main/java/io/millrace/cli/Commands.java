package io.millrace.cli;

import io.millrace.cli.bench.BenchCommand;
import io.millrace.cli.cluster.ClusterCommand;
import io.millrace.cli.config.ConfigCommand;
import io.millrace.cli.consume.ConsumeCommand;
import io.millrace.cli.context.ContextCommand;
import io.millrace.cli.election.ElectionCommand;
import io.millrace.cli.features.FeaturesCommand;
import io.millrace.cli.format.FormatCommand;
import io.millrace.cli.group.GroupCommand;
import io.millrace.cli.node.NodeCommand;
import io.millrace.cli.produce.ProduceCommand;
import io.millrace.cli.quorum.QuorumCommand;
import io.millrace.cli.reassign.ReassignCommand;
import io.millrace.cli.start.StartUsage;
import io.millrace.cli.tail.TailCommand;
import io.millrace.cli.terminal.FileTrouble;
import io.millrace.cli.terminal.Terminal;
import io.millrace.cli.topic.TopicCommand;
import io.millrace.cli.transaction.TransactionCommand;
import io.millrace.client.ClientFailure;
import java.nio.file.FileSystemException;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;

/** The tree of commands, as picocli sees it. Not loaded by a node that starts. */
@Command(
        name = "millrace",
        description = "Kafka, built anew in Java. millrace start runs a node; the other commands look after one.",
        mixinStandardHelpOptions = true,
        versionProvider = Commands.Version.class,
        synopsisSubcommandLabel = "COMMAND",
        subcommands = {
            StartUsage.class,
            FormatCommand.class,
            TopicCommand.class,
            ProduceCommand.class,
            ConsumeCommand.class,
            TailCommand.class,
            BenchCommand.class,
            GroupCommand.class,
            TransactionCommand.class,
            ConfigCommand.class,
            LogCommand.class,
            ClusterCommand.class,
            QuorumCommand.class,
            NodeCommand.class,
            FeaturesCommand.class,
            ElectionCommand.class,
            ReassignCommand.class,
            ContextCommand.class,
            CompletionCommand.class
        },
        footer = {"", "millrace COMMAND --help tells more."})
final class Commands {
    private static final int WRONGLY_ASKED = 2;
    private static final int HELP_COLUMNS = 100;
    /** How some of picocli's own sentences begin. */
    private static final String ERROR = "Error: ";

    private Commands() {}

    /** Parses and runs; gives the exit status. */
    static int execute(String... arguments) {
        return commandLine().execute(arguments);
    }

    static CommandLine commandLine() {
        CommandLine root = new CommandLine(new Commands());
        root.setUsageHelpWidth(HELP_COLUMNS);
        joinFooters(root);
        root.setCaseInsensitiveEnumValuesAllowed(true);
        root.setExecutionExceptionHandler((failure, command, parsed) -> {
            String sentence = switch (failure) {
                case ClientFailure refused -> refused.sentence();
                case FileSystemException file -> file.getFile() + ": " + FileTrouble.why(file);
                default -> throw failure;
            };
            command.getErr().println(Terminal.complaint(sentence));
            return Terminal.FAILED;
        });
        root.setParameterExceptionHandler((wrong, arguments) -> {
            CommandLine command = wrong.getCommandLine();
            boolean isUnmatched = wrong instanceof CommandLine.UnmatchedArgumentException;
            if (!command.getSubcommands().isEmpty() && !isUnmatched) {
                command.usage(command.getErr());
                return WRONGLY_ASKED;
            }
            command.getErr().println(Terminal.complaint(sentence(wrong, command)));
            CommandLine.UnmatchedArgumentException.printSuggestions(wrong, command.getErr());
            command.getErr().println("Try '" + command.getCommandSpec().qualifiedName() + " --help'.");
            return WRONGLY_ASKED;
        });
        return root;
    }

    /** An option right after a word that only names commands belongs to one of these, so their names help. */
    private static String sentence(CommandLine.ParameterException wrong, CommandLine command) {
        boolean isOption = wrong instanceof CommandLine.UnmatchedArgumentException unmatched
                && unmatched.getUnmatched().getFirst().startsWith("-");
        if (!isOption || command.getSubcommands().isEmpty()) {
            String said = String.valueOf(wrong.getMessage());
            return said.startsWith(ERROR) ? said.substring(ERROR.length()) : said;
        }
        return command.getCommandSpec().qualifiedName()
                + " wants one of its commands first: "
                + String.join(", ", command.getSubcommands().keySet());
    }

    /** Lines of a footer that follow one another are a paragraph, to be broken where the terminal's line ends; indented ones stay. */
    private static void joinFooters(CommandLine command) {
        List<String> joined = new ArrayList<>();
        boolean isWithin = false;
        for (String line : command.getCommandSpec().usageMessage().footer()) {
            boolean isProse = !line.isEmpty() && !line.startsWith(" ");
            if (isProse && isWithin) joined.add(joined.removeLast() + " " + line);
            else joined.add(line);
            isWithin = isProse;
        }
        command.getCommandSpec().usageMessage().footer(joined.toArray(new String[0]));
        command.getSubcommands().values().forEach(Commands::joinFooters);
    }

    /** What {@code --version} prints. */
    static final class Version implements IVersionProvider {
        @Override
        public String[] getVersion() {
            return new String[] {
                "Millrace " + Main.version() + " (speaks the protocol of Apache Kafka 4.4.0; Java "
                        + Runtime.version().feature() + ")"
            };
        }
    }
}
