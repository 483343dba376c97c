package io.millrace.host;

/**
 * Makes {@link System.Logger}s that write one line per event to standard error: {@code 2026-01-31T12:00:00.123Z WARN server.network: what
 * happened}. The level is {@code -Dmillrace.log.level} (TRACE, DEBUG, INFO, WARNING, ERROR, OFF); INFO unless said.
 */
public final class LineLoggerFinder extends System.LoggerFinder {
    private static final String LEVEL_PROPERTY = "millrace.log.level";

    private final System.Logger.Level threshold;

    /** Made by the platform when the first logger is asked for. */
    public LineLoggerFinder() {
        this.threshold = threshold(System.getProperty(LEVEL_PROPERTY, "INFO"));
    }

    private static System.Logger.Level threshold(String name) {
        for (System.Logger.Level level : System.Logger.Level.values())
            if (level.name().equalsIgnoreCase(name)) return level;
        return System.Logger.Level.INFO;
    }

    @Override
    public System.Logger getLogger(String name, Module module) {
        return new LineLogger(shortName(name), threshold);
    }

    /** {@code io.millrace.server.network.ListenerGate} is {@code server.network} in a line. */
    private static String shortName(String name) {
        String prefix = "io.millrace.";
        int lastDot = name.lastIndexOf('.');
        if (!name.startsWith(prefix) || lastDot < prefix.length()) return name;
        return name.substring(prefix.length(), lastDot);
    }
}
