package io.millrace.cli.context;

import io.millrace.cli.terminal.Contexts;
import io.millrace.cli.terminal.Terminal;
import java.io.IOException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code millrace context use NAME}. */
@Command(
        name = "use",
        description = "Use a context from now on, when no other and no --bootstrap-server is said.",
        mixinStandardHelpOptions = true,
        sortOptions = false)
final class ContextUse implements Callable<Integer> {
    @Mixin
    private Terminal terminal = new Terminal();

    @Parameters(index = "0", paramLabel = "NAME", description = "Which one.")
    private String name = "";

    @Override
    public Integer call() throws IOException {
        Contexts contexts = Contexts.ofUser();
        try {
            String servers = contexts.read(name).getOrDefault("bootstrap.servers", "");
            contexts.use(name);
            terminal.out().println("Context " + name + " (" + servers + ") is the current one now.");
            return Terminal.DONE;
        } catch (IllegalArgumentException e) {
            terminal.complain(String.valueOf(e.getMessage()));
            return Terminal.FAILED;
        }
    }
}
