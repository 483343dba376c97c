package io.millrace.server.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;

class ListenerAddressTest {
    @Test
    void nameHostAndPortAreRead() {
        assertEquals(
                new ListenerAddress("PLAINTEXT", "broker-1.example", 9092),
                ListenerAddress.parse(" plaintext://broker-1.example:9092 "));
    }

    @Test
    void anIpv6AddressStandsInBracketsAndIsWrittenSoAgain() {
        ListenerAddress address = ListenerAddress.parse("PLAINTEXT://[::1]:9092");
        assertEquals("::1", address.host());
        assertEquals("PLAINTEXT://[::1]:9092", address.toString());
    }

    @Test
    void noHostAndTheZeroAddressesStandForAll() {
        for (String wildcard : List.of("P://:1", "P://0.0.0.0:1", "P://[::]:1"))
            assertTrue(ListenerAddress.parse(wildcard).isWildcard(), wildcard);
        assertFalse(ListenerAddress.parse("P://127.0.0.1:1").isWildcard());
    }

    @Test
    void whatIsNotAListenerIsRefusedInOneSentenceThatQuotesIt() {
        for (String bad : List.of(
                "", "9092", "host:9092", "://h:1", "P://h", "P://h:", "P://h:x", "P://h:-1", "P://h:65536", "P:/h:1")) {
            BadConfig refused = assertThrows(BadConfig.class, () -> ListenerAddress.parse(bad), bad);
            assertFalse(String.valueOf(refused.getMessage()).contains("\n"));
        }
    }
}
