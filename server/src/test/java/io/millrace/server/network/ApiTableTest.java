package io.millrace.server.network;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.millrace.protocol.ApiKey;
import io.millrace.protocol.messages.FetchRequest;
import io.millrace.protocol.messages.FetchResponse;
import io.millrace.protocol.messages.HeartbeatRequest;
import io.millrace.protocol.messages.HeartbeatResponse;
import java.util.List;
import org.junit.jupiter.api.Test;

class ApiTableTest {
    private final ApiTable table = new ApiTable();
    private final Handler<FetchRequest, FetchResponse> fetch = (request, exchange) -> {};
    private final Handler<HeartbeatRequest, HeartbeatResponse> heartbeat = (request, exchange) -> {};

    @Test
    void whatIsServedIsFoundAndListedByKey() {
        table.serve(ApiKey.HEARTBEAT, heartbeat).serve(ApiKey.FETCH, fetch);
        assertEquals(List.of(ApiKey.FETCH, ApiKey.HEARTBEAT), List.copyOf(table.served(ApiKey.Listener.BROKER)));
        assertNotNull(table.find(ApiKey.FETCH, ApiKey.Listener.BROKER));
        assertNull(table.find(ApiKey.PRODUCE, ApiKey.Listener.BROKER));
    }

    @Test
    void controllersMayServeWhatOthersServeDifferently() {
        Handler<FetchRequest, FetchResponse> ofMetadata = (request, exchange) -> {};
        table.serve(ApiKey.FETCH, fetch).serve(ApiKey.HEARTBEAT, heartbeat);
        table.serveAtControllers(ApiKey.FETCH, ofMetadata).serveAtControllers(ApiKey.VOTE, ofMetadata);
        assertSame(fetch, table.find(ApiKey.FETCH, ApiKey.Listener.BROKER));
        assertSame(ofMetadata, table.find(ApiKey.FETCH, ApiKey.Listener.CONTROLLER));
        assertEquals(List.of(ApiKey.FETCH, ApiKey.HEARTBEAT), List.copyOf(table.served(ApiKey.Listener.BROKER)));
        assertEquals(List.of(ApiKey.FETCH, ApiKey.VOTE), List.copyOf(table.served(ApiKey.Listener.CONTROLLER)));
    }

    @Test
    void anApiIsServedOnce() {
        table.serve(ApiKey.FETCH, fetch);
        assertThrows(IllegalStateException.class, () -> table.serve(ApiKey.FETCH, fetch));
    }
}
