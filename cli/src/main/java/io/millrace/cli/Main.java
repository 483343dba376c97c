package io.millrace.cli;

import io.millrace.cli.start.Start;
import java.util.List;

/** Where the program begins. */
public final class Main {
    private static final String START = "start";

    private Main() {}

    /**
     * Runs a command. {@code start} returns while the node runs on its own threads; all others end the process with 0 (done), 1
     * (refused or failed) or 2 (wrongly asked).
     */
    public static void main(String[] arguments) {
        if (arguments.length > 0 && arguments[0].equals(START)) {
            List<String> rest = List.of(arguments).subList(1, arguments.length);
            if (Start.run(rest, version())) return;
        }
        System.exit(Commands.execute(arguments));
    }

    /** What the jar's manifest says; {@code development} when run from class files. */
    static String version() {
        String version = Main.class.getPackage().getImplementationVersion();
        return version == null ? "development" : version;
    }
}
