package io.millrace.cli.context;

import io.millrace.cli.terminal.ConnectionProperties;
import io.millrace.cli.terminal.Contexts;
import io.millrace.cli.terminal.Terminal;
import java.io.IOException;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code millrace context show [NAME]}. */
@Command(
        name = "show",
        description = "Show the properties of a context, without what is secret.",
        mixinStandardHelpOptions = true,
        sortOptions = false)
final class ContextShow implements Callable<Integer> {
    @Mixin
    private Terminal terminal = new Terminal();

    @Parameters(index = "0", arity = "0..1", paramLabel = "NAME", description = "Which one (default: the current one).")
    private @Nullable String name;

    @Override
    public Integer call() throws IOException {
        Contexts contexts = Contexts.ofUser();
        Optional<String> which = name == null ? contexts.current() : Optional.of(name);
        if (which.isEmpty()) {
            terminal.complain("there is no current context");
            return Terminal.FAILED;
        }
        try {
            contexts.read(which.get())
                    .forEach((property, value) -> terminal.out()
                            .println(property + "=" + (ConnectionProperties.isSecret(property) ? "(hidden)" : value)));
            return Terminal.DONE;
        } catch (IllegalArgumentException e) {
            terminal.complain(String.valueOf(e.getMessage()));
            return Terminal.FAILED;
        }
    }
}
