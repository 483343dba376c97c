package io.millrace.cli.topic;

import io.millrace.cli.terminal.ClusterOptions;
import io.millrace.cli.terminal.Terminal;
import io.millrace.client.Admin;
import io.millrace.protocol.ErrorCode;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code millrace topic delete NAME...}. */
@Command(
        name = "delete",
        description = "Delete topics with all their records. There is no way back.",
        mixinStandardHelpOptions = true,
        sortOptions = false)
final class TopicDelete implements Callable<Integer> {
    @Mixin
    private Terminal terminal = new Terminal();

    @Mixin
    private TopicNames names = new TopicNames();

    @Option(names = "--if-exists", description = "Pass over topics that do not exist.")
    private boolean ifExists;

    @Mixin
    private ClusterOptions cluster = new ClusterOptions();

    @Override
    public Integer call() {
        List<String> named = names.required(terminal);
        Set<ErrorCode> accepted = EnumSet.noneOf(ErrorCode.class);
        if (ifExists) accepted.add(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
        try (Admin admin = cluster.admin()) {
            return terminal.tell(
                    "topic",
                    admin.topics().delete(named),
                    accepted,
                    name -> terminal.out().println("Deleted topic " + name + "."));
        }
    }
}
