package io.millrace.client;

/**
 * How patient an {@link Admin} is.
 *
 * @param clientId how it introduces itself, for the servers' logs and quotas
 * @param timeoutMs the most time one call takes, retries included, at least 1
 * @param connectTimeoutMs the most time to wait for a connection to one address, and for any bootstrap address to
 *     accept one; at least 1
 */
public record AdminOptions(String clientId, int timeoutMs, int connectTimeoutMs) {
    /** Half a minute for an answer; three seconds for somebody to be there at all. */
    public static final AdminOptions DEFAULT = new AdminOptions("millrace-admin", 30_000, 3_000);

    /** Checks the ranges. */
    public AdminOptions {
        if (timeoutMs < 1) throw new IllegalArgumentException("timeout of " + timeoutMs + " ms is below 1");
        if (connectTimeoutMs < 1)
            throw new IllegalArgumentException("connect timeout of " + connectTimeoutMs + " ms is below 1");
    }
}
