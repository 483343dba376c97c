package io.millrace.server.network;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
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
        assertEquals(List.of(ApiKey.FETCH, ApiKey.HEARTBEAT), List.copyOf(table.served()));
        assertNotNull(table.find(ApiKey.FETCH));
        assertNull(table.find(ApiKey.PRODUCE));
    }

    @Test
    void anApiIsServedOnce() {
        table.serve(ApiKey.FETCH, fetch);
        assertThrows(IllegalStateException.class, () -> table.serve(ApiKey.FETCH, fetch));
    }
}
