package io.millrace.compatibility;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Commands of our program that are asked of a running cluster and end by themselves. */
record MillraceCommand(Path home, String bootstrap) {
    private static final Duration PATIENCE = Duration.ofMinutes(3);

    /** Runs one to its end, and returns what it printed. A status other than 0 is a failure. */
    List<String> run(String... arguments) {
        List<String> command = new ArrayList<>(List.of(MillraceBroker.PROGRAM));
        command.addAll(List.of(arguments));
        command.addAll(List.of("--bootstrap", bootstrap));
        return ChildProcess.run(
                "millrace " + String.join(" ", arguments),
                home,
                Map.of("XDG_CONFIG_HOME", home.toString()), // no contexts of whoever runs the tests
                PATIENCE,
                command);
    }
}
