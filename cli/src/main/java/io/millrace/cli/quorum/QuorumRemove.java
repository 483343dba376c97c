package io.millrace.cli.quorum;

import io.millrace.cli.terminal.ClusterOptions;
import io.millrace.cli.terminal.Terminal;
import io.millrace.client.Admin;
import io.millrace.client.QuorumStatus;
import io.millrace.protocol.Uuid;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code millrace quorum remove ID}. */
@Command(
        name = "remove",
        description = "Have a controller vote no more; it goes on as an observer. Where controllers join by themselves"
                + " (controller.quorum.auto.join.enable), stop it first.",
        mixinStandardHelpOptions = true,
        sortOptions = false)
final class QuorumRemove implements Callable<Integer> {
    @Mixin
    private Terminal terminal = new Terminal();

    @Parameters(paramLabel = "ID", description = "Which controller.")
    private int id;

    @Option(
            names = "--directory",
            paramLabel = "ID",
            description = "Only if its directory id is this one (default: the one that quorum describe shows).")
    private @Nullable String directory;

    @Mixin
    private QuorumAddress address = new QuorumAddress();

    @Mixin
    private ClusterOptions cluster = new ClusterOptions();

    @Override
    public Integer call() {
        String stated = directory;
        Uuid wanted = Uuid.ZERO;
        try {
            if (stated != null) wanted = Uuid.parse(stated);
        } catch (IllegalArgumentException wrong) {
            throw terminal.wronglyAsked("--directory " + stated + " is no id");
        }
        try (Admin admin = address.admin(cluster)) {
            if (stated == null) {
                for (QuorumStatus.Replica voter : admin.quorum().describe().voters())
                    if (voter.id() == id) wanted = voter.directoryId();
            }
            admin.quorum().removeVoter(id, wanted);
        }
        terminal.out().println("Controller " + id + " votes no more.");
        return Terminal.DONE;
    }
}
