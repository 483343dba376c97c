package io.millrace.cli.quorum;

import io.millrace.cli.terminal.ClusterOptions;
import io.millrace.cli.terminal.Terminal;
import io.millrace.client.Admin;
import io.millrace.client.HostAndPort;
import io.millrace.raft.Voter;
import io.millrace.raft.VoterAddresses;
import io.millrace.raft.VoterSet;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code millrace quorum add ID@HOST:PORT:DIRECTORY-ID}. */
@Command(
        name = "add",
        description =
                "Have a controller vote. It has to run and follow already: format it with --no-initial-controllers, start"
                        + " it, and wait until quorum describe shows it as an observer without a lag.",
        mixinStandardHelpOptions = true,
        sortOptions = false)
final class QuorumAdd implements Callable<Integer> {
    @Mixin
    private Terminal terminal = new Terminal();

    @Parameters(
            paramLabel = "ID@HOST:PORT:DIRECTORY-ID",
            description = "The controller: its node id, its address, and the directory id that quorum describe shows.")
    private String controller = "";

    @Option(
            names = "--listener",
            paramLabel = "NAME",
            defaultValue = "CONTROLLER",
            description = "The name of its listener at that address (default: ${DEFAULT-VALUE}).")
    private String listener = "CONTROLLER";

    @Option(names = "--no-wait", description = "Do not wait until it is committed; wants a cluster of 4.2 or later.")
    private boolean noWait;

    @Mixin
    private QuorumAddress address = new QuorumAddress();

    @Mixin
    private ClusterOptions cluster = new ClusterOptions();

    @Override
    public Integer call() {
        Voter voter;
        try {
            VoterSet parsed = VoterAddresses.ofInitialControllers(controller, listener);
            if (parsed.voters().size() != 1) throw terminal.wronglyAsked("voters are added one at a time");
            voter = parsed.voters().getFirst();
        } catch (IllegalArgumentException wrong) {
            throw terminal.wronglyAsked(String.valueOf(wrong.getMessage()));
        }
        Voter.Endpoint at = voter.endpoints().getFirst();
        try (Admin admin = address.admin(cluster)) {
            admin.quorum()
                    .addVoter(
                            voter.key().id(),
                            voter.key().directoryId(),
                            Map.of(at.listener(), new HostAndPort(at.host(), at.port())),
                            !noWait);
        }
        terminal.out().println("Controller " + voter.key().id() + (noWait ? " is to vote." : " votes."));
        return Terminal.DONE;
    }
}
