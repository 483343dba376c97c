package io.millrace.coordinators.group;

/**
 * What a request says beside its body.
 *
 * @param apiVersion of the request
 * @param clientId from the request header; empty where it has none
 * @param clientHost the peer as groups show it: Java's form of an address, such as {@code /127.0.0.1}
 */
public record GroupRequestContext(int apiVersion, String clientId, String clientHost) {}
