package io.millrace.compatibility;

import java.nio.file.Path;
import java.util.List;

/** Which program is the broker, and how it is started. */
sealed interface BrokerKind permits MillraceBroker, ApacheBroker {
    /** The kind these tests are for: {@code -Dmillrace.compat.broker}, {@code millrace} or {@code apache}. */
    static BrokerKind underTest() {
        return named(System.getProperty("millrace.compat.broker", "millrace"));
    }

    /** The kind of that name. */
    static BrokerKind named(String name) {
        return switch (name) {
            case "millrace" -> new MillraceBroker();
            case "apache" -> new ApacheBroker();
            default -> throw new IllegalArgumentException("no broker is called " + name + ", want millrace or apache");
        };
    }

    /**
     * Makes the data directory ready, where that is a step of its own, and returns the command that serves from it.
     *
     * @param data an existing directory, empty at first
     * @param port to listen on at 127.0.0.1
     * @param settings server properties as {@code key=value}
     */
    List<String> prepare(Path data, int port, List<String> settings);

    /** The log directory within the data directory. */
    Path logs(Path data);

    /** Whether this line of its output says that it serves. */
    boolean saysReady(String line);

    /** Whether its output says that a port was taken, so that another one may be tried. */
    default boolean saysPortTaken(String output) {
        return output.contains("Address already in use")
                || output.contains("BindException")
                || output.contains("in use")
                || output.contains("taken");
    }
}
