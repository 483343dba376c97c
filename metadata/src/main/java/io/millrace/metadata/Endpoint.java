package io.millrace.metadata;

/**
 * Where a node can be reached.
 *
 * @param listener         the listener's name
 * @param host             name or address
 * @param port             1 to 65535
 * @param securityProtocol 0 PLAINTEXT, 1 SSL, 2 SASL_PLAINTEXT, 3 SASL_SSL
 */
public record Endpoint(String listener, String host, int port, short securityProtocol) {}
