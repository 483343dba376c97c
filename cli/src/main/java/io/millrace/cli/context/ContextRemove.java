package io.millrace.cli.context;

import io.millrace.cli.terminal.Contexts;
import io.millrace.cli.terminal.Terminal;
import java.io.IOException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code millrace context remove NAME}. */
@Command(name = "remove", description = "Forget a context.", mixinStandardHelpOptions = true, sortOptions = false)
final class ContextRemove implements Callable<Integer> {
    @Mixin
    private Terminal terminal = new Terminal();

    @Parameters(index = "0", paramLabel = "NAME", description = "Which one.")
    private String name = "";

    @Override
    public Integer call() throws IOException {
        Contexts contexts = Contexts.ofUser();
        try {
            if (!contexts.has(name)) {
                terminal.complain("there is no context " + name);
                return Terminal.FAILED;
            }
            boolean wasCurrent = contexts.current().filter(name::equals).isPresent();
            contexts.remove(name);
            terminal.out().println("Removed context " + name + (wasCurrent ? "; none is the current one now." : "."));
            return Terminal.DONE;
        } catch (IllegalArgumentException e) {
            throw terminal.wronglyAsked(String.valueOf(e.getMessage()));
        }
    }
}
