package io.millrace.cli.group;

import io.millrace.cli.terminal.ClusterOptions;
import io.millrace.cli.terminal.Terminal;
import io.millrace.client.Admin;
import io.millrace.protocol.ErrorCode;
import java.util.EnumSet;
import java.util.Set;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code millrace group delete GROUP...}. */
@Command(
        name = "delete",
        description = "Delete groups that have no members, with all offsets they committed.",
        mixinStandardHelpOptions = true,
        sortOptions = false)
final class GroupDelete implements Callable<Integer> {
    @Mixin
    private Terminal terminal = new Terminal();

    @Mixin
    private GroupNames names = new GroupNames();

    @Option(names = "--if-exists", description = "Pass over groups that do not exist.")
    private boolean ifExists;

    @Mixin
    private ClusterOptions cluster = new ClusterOptions();

    @Override
    public Integer call() {
        names.check(terminal);
        Set<ErrorCode> accepted = EnumSet.noneOf(ErrorCode.class);
        if (ifExists) accepted.add(ErrorCode.GROUP_ID_NOT_FOUND);
        try (Admin admin = cluster.admin()) {
            return terminal.tell(
                    "group",
                    admin.groups().delete(names.resolve(admin)),
                    accepted,
                    group -> terminal.out().println("Deleted group " + group + "."));
        }
    }
}
