package io.millrace.cli;

import io.millrace.cli.start.SelfTest;
import io.millrace.cli.start.Start;
import java.util.List;

/** Where the program begins. */
public final class Main {
    private static final String START = "start";
    private static final String SELF_TEST = "selftest";
    private static final int WRONGLY_ASKED = 2;

    private Main() {}

    /**
     * Runs a command. {@code start} returns while the node runs on its own threads, and so does {@code selftest}, which is for
     * packagers and in no help text; all others end the process with 0 (done), 1
     * (refused or failed) or 2 (wrongly asked).
     */
    public static void main(String[] arguments) {
        if (arguments.length > 0 && arguments[0].equals(START)) {
            List<String> rest = List.of(arguments).subList(1, arguments.length);
            if (Start.run(rest, version())) return;
        }
        if (arguments.length > 0 && arguments[0].equals(SELF_TEST)) {
            selfTest(List.of(arguments).subList(1, arguments.length));
            return;
        }
        System.exit(Commands.execute(arguments));
    }

    private static void selfTest(List<String> arguments) {
        if (arguments.isEmpty()) {
            new SelfTest(version(), System.out, System.err).run();
            return;
        }
        if (arguments.size() > 1 || !arguments.getFirst().matches("[1-9][0-9]{0,6}")) {
            System.err.println("millrace: selftest takes the number of batches to write, 1 to 9999999, or nothing");
            System.exit(WRONGLY_ASKED);
        }
        new SelfTest(version(), Integer.parseInt(arguments.getFirst()), System.out, System.err).run();
    }

    /** What the jar's manifest says; {@code development} when run from class files. */
    static String version() {
        String version = Main.class.getPackage().getImplementationVersion();
        return version == null ? "development" : version;
    }
}
