package io.millrace.cli.group;

import io.millrace.cli.terminal.Terminal;
import io.millrace.client.Admin;
import io.millrace.client.GroupListing;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** A mixin: the groups that are meant, named plainly or, as Kafka's tool wants it, after {@code --group}; or all. */
final class GroupNames {
    @Parameters(arity = "0..*", paramLabel = "GROUP", description = "Groups, by id.")
    private List<String> names = new ArrayList<>();

    @Option(names = "--group", paramLabel = "GROUP", description = "The same as naming it.", hidden = true)
    private List<String> options = new ArrayList<>();

    @Option(names = "--all-groups", description = "All groups there are.")
    private boolean all;

    /** Complains unless groups are named or all are meant, and not both. */
    void check(Terminal terminal) {
        boolean isNamed = !names.isEmpty() || !options.isEmpty();
        if (isNamed == all) throw terminal.wronglyAsked("name at least one group, or say --all-groups");
    }

    /** The groups that are meant, each once. */
    List<String> resolve(Admin admin) {
        if (all)
            return admin.groups().list().stream().map(GroupListing::groupId).toList();
        Set<String> given = new LinkedHashSet<>(names);
        given.addAll(options);
        return List.copyOf(given);
    }
}
