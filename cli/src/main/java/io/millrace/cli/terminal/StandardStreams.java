package io.millrace.cli.terminal;

import java.io.Console;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** Where the process's standard streams lead to. */
public final class StandardStreams {
    private static final int IN = 0;
    private static final int OUT = 1;
    private static final int ERR = 2;

    private StandardStreams() {}

    /** Whether somebody types what is read from standard input. */
    public static boolean isInTerminal() {
        return isTerminal(IN);
    }

    /** Whether somebody sees what is written to standard output. */
    public static boolean isOutTerminal() {
        return isTerminal(OUT);
    }

    /** Whether somebody sees what is written to standard error. */
    public static boolean isErrTerminal() {
        return isTerminal(ERR);
    }

    /** Java knows only of both ends of a terminal at once; Linux says of each stream what it is. */
    private static boolean isTerminal(int descriptor) {
        Path link = Path.of("/proc/self/fd/" + descriptor);
        if (!Files.exists(link))
            return Optional.ofNullable(System.console())
                    .map(Console::isTerminal)
                    .orElse(false);
        try {
            String target = Files.readSymbolicLink(link).toString();
            return target.startsWith("/dev/pts/") || target.startsWith("/dev/tty") || target.equals("/dev/console");
        } catch (IOException e) {
            return false; // A pipe or a socket has no path, and is none.
        }
    }
}
