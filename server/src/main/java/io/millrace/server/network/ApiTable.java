package io.millrace.server.network;

import io.millrace.protocol.ApiKey;
import io.millrace.protocol.Request;
import io.millrace.protocol.Response;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The handlers of one lane, by API. What is not in here is not served, and not offered by ApiVersions. */
public final class ApiTable {
    private final Map<ApiKey, Handler<?, ?>> handlers = new EnumMap<>(ApiKey.class);
    private final Map<ApiKey, Handler<?, ?>> atControllers = new EnumMap<>(ApiKey.class);

    /** An empty table. */
    public ApiTable() {}

    /** Serves an API. */
    public <Q extends Request, R extends Response> ApiTable serve(ApiKey apiKey, Handler<Q, R> handler) {
        if (handlers.put(apiKey, handler) != null) throw new IllegalStateException(apiKey + " is served twice");
        return this;
    }

    /** Serves an API on controllers' listeners, whoever serves it on others. */
    public ApiTable serveAtControllers(ApiKey apiKey, Handler<?, ?> handler) {
        if (atControllers.put(apiKey, handler) != null) throw new IllegalStateException(apiKey + " is served twice");
        return this;
    }

    /** The APIs served on one kind of listener, in the order of their keys. */
    public Set<ApiKey> served(ApiKey.Listener kind) {
        Set<ApiKey> served = EnumSet.noneOf(ApiKey.class);
        served.addAll(handlers.keySet());
        if (kind == ApiKey.Listener.CONTROLLER) served.addAll(atControllers.keySet());
        served.removeIf(apiKey -> !apiKey.listeners().contains(kind));
        return served;
    }

    /** The handler of an API on one kind of listener: its types are those of the API's key, as {@link #serve} was called with them. */
    @SuppressWarnings("unchecked")
    public @Nullable Handler<Request, Response> find(ApiKey apiKey, ApiKey.Listener kind) {
        Handler<?, ?> found = kind == ApiKey.Listener.CONTROLLER ? atControllers.get(apiKey) : null;
        return (Handler<Request, Response>) (found == null ? handlers.get(apiKey) : found);
    }
}
