package io.millrace.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import org.junit.jupiter.api.Test;

class HostAndPortTest {
    @Test
    void namesAddressesAndDefaultsAreRead() {
        assertEquals(new HostAndPort("kafka.example", 9093), HostAndPort.parse(" kafka.example:9093 "));
        assertEquals(new HostAndPort("kafka.example", 9092), HostAndPort.parse("kafka.example"));
        assertEquals(new HostAndPort("::1", 9093), HostAndPort.parse("[::1]:9093"));
        assertEquals(new HostAndPort("::1", 9092), HostAndPort.parse("[::1]"));
        assertEquals(new HostAndPort("fe80::1", 9092), HostAndPort.parse("fe80::1"));
    }

    @Test
    void whatItPrintsItReadsBack() {
        for (String text : List.of("a:1", "[::1]:65535", "127.0.0.1:9092"))
            assertEquals(text, HostAndPort.parse(text).toString());
    }

    @Test
    void aListMayHaveSpacesAndEmptyPlaces() {
        assertEquals(List.of(new HostAndPort("a", 1), new HostAndPort("b", 9092)), HostAndPort.parseList("a:1, ,b,"));
    }

    @Test
    void malformedOnesAreRefusedByName() {
        for (String text : List.of("a:x", "a:0", "a:65536", ":9092", "a:"))
            assertEquals(
                    true,
                    String.valueOf(assertThrows(IllegalArgumentException.class, () -> HostAndPort.parse(text))
                                    .getMessage())
                            .startsWith("'" + text + "': "),
                    text);
        assertThrows(IllegalArgumentException.class, () -> HostAndPort.parseList(" , "));
    }
}
