package io.millrace.client;

import io.millrace.client.facade.ClientProperties;
import io.millrace.client.facade.PropertyNames;
import java.util.Map;
import java.util.Set;

/** Kafka's admin properties by name: their defaults, and what is refused. */
final class AdminProperties {
    private static final String BOUND_BY_CALL = "default.api.timeout.ms bounds a call with all its attempts";

    private static final PropertyNames NAMES = new PropertyNames(
            "an admin",
            Map.of(
                    "bootstrap.servers", "",
                    "client.id", AdminOptions.DEFAULT.clientId(),
                    "default.api.timeout.ms", "60000",
                    "socket.connection.setup.timeout.ms", "10000"),
            Set.of(),
            Map.of(
                    "bootstrap.controllers", "it is given in code, to Admin.ofControllers",
                    "request.timeout.ms", BOUND_BY_CALL,
                    "retries", BOUND_BY_CALL,
                    "retry.backoff.ms", "pauses grow from 20 ms to a second",
                    "retry.backoff.max.ms", "pauses grow from 20 ms to a second"));

    private AdminProperties() {}

    /**
     * An admin for the cluster that these name.
     *
     * @throws IllegalArgumentException naming the property, and what is wrong
     */
    static Admin open(Map<String, ?> properties) {
        ClientProperties all = ClientProperties.of(NAMES, properties);
        AdminOptions options = new AdminOptions(
                all.text("client.id"), (int) all.number("default.api.timeout.ms", 1, Integer.MAX_VALUE), (int)
                        all.number("socket.connection.setup.timeout.ms", 1, Integer.MAX_VALUE));
        return Admin.of(HostAndPort.parseList(all.text("bootstrap.servers")), options, all.security());
    }
}
