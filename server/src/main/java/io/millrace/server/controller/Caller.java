package io.millrace.server.controller;

import io.millrace.server.network.Exchange;
import java.net.InetAddress;

/**
 * The client whose request a broker hands on to the controller.
 *
 * @param principal who it is, in Kafka's form {@code type:name}
 * @param address where it asks from
 * @param clientId what it calls itself; empty if it does not say
 * @param version of the API that it spoke
 */
public record Caller(String principal, InetAddress address, String clientId, int version) {
    /** The client of an exchange. */
    public static Caller of(Exchange<?> exchange) {
        return new Caller(
                exchange.principal(), exchange.clientAddress().getAddress(), exchange.clientId(), exchange.version());
    }
}
