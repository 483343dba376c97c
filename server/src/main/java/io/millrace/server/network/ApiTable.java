package io.millrace.server.network;

import io.millrace.protocol.ApiKey;
import io.millrace.protocol.Request;
import io.millrace.protocol.Response;
import java.util.EnumMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The handlers of one lane, by API. What is not in here is not served, and not offered by ApiVersions. */
public final class ApiTable {
    private final Map<ApiKey, Handler<?, ?>> handlers = new EnumMap<>(ApiKey.class);

    /** An empty table. */
    public ApiTable() {}

    /** Serves an API. */
    public <Q extends Request, R extends Response> ApiTable serve(ApiKey apiKey, Handler<Q, R> handler) {
        if (handlers.put(apiKey, handler) != null) throw new IllegalStateException(apiKey + " is served twice");
        return this;
    }

    /** The APIs served, in the order of their keys. */
    public Set<ApiKey> served() {
        return handlers.keySet();
    }

    /** The handler of an API: its types are those of the API's key, as {@link #serve} was called with them. */
    @SuppressWarnings("unchecked")
    @Nullable
    Handler<Request, Response> find(ApiKey apiKey) {
        return (Handler<Request, Response>) handlers.get(apiKey);
    }
}
