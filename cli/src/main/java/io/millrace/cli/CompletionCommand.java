package io.millrace.cli;

import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.AutoComplete;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code millrace completion}. */
@Command(
        name = "completion",
        description = {
            "Print a script that completes this program's commands and options in bash and zsh.",
            "For this shell: source <(millrace completion). For good: put that line into ~/.bashrc or ~/.zshrc."
        },
        mixinStandardHelpOptions = true)
final class CompletionCommand implements Callable<Integer> {
    @Spec
    private @Nullable CommandSpec spec;

    @Override
    public Integer call() {
        CommandSpec command = spec;
        if (command == null) throw new IllegalStateException("picocli has not given the command its spec");
        String script = AutoComplete.bash("millrace", command.root().commandLine());
        command.commandLine().getOut().print(script);
        command.commandLine().getOut().println();
        command.commandLine().getOut().flush();
        return 0;
    }
}
