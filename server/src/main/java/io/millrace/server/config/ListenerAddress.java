package io.millrace.server.config;

/**
 * One listener as {@code listeners} and {@code advertised.listeners} write it: {@code NAME://host:port}.
 *
 * @param name upper case, such as {@code PLAINTEXT} or {@code CONTROLLER}
 * @param host name or address; empty stands for every address of the machine
 * @param port from 0 (take a free one) to 65535
 */
public record ListenerAddress(String name, String host, int port) {
    /** Checks the port's range. */
    public ListenerAddress {
        if (port < 0 || port > 65535)
            throw new BadConfig("listener " + name + ": port " + port + " is not in [0, 65535]");
    }

    /**
     * Reads one entry.
     *
     * @throws BadConfig if it is not of the form {@code NAME://host:port}
     */
    public static ListenerAddress parse(String text) {
        String entry = text.strip();
        int scheme = entry.indexOf("://");
        int colon = entry.lastIndexOf(':');
        if (scheme <= 0 || colon < scheme + 3)
            throw new BadConfig("listener '" + entry + "' is not of the form NAME://host:port");
        String host = entry.substring(scheme + 3, colon);
        if (host.startsWith("[") && host.endsWith("]")) host = host.substring(1, host.length() - 1);
        try {
            int port = Integer.parseInt(entry.substring(colon + 1));
            return new ListenerAddress(entry.substring(0, scheme).toUpperCase(java.util.Locale.ROOT), host, port);
        } catch (NumberFormatException e) {
            throw new BadConfig("listener '" + entry + "': '" + entry.substring(colon + 1) + "' is not a port");
        }
    }

    /** Whether it stands for every address of the machine. */
    public boolean isWildcard() {
        return host.isEmpty() || host.equals("0.0.0.0") || host.equals("::");
    }

    @Override
    public String toString() {
        return name + "://" + (host.indexOf(':') >= 0 ? "[" + host + "]" : host) + ":" + port;
    }
}
