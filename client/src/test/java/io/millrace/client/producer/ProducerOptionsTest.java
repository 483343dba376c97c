package io.millrace.client.producer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.records.Compression;
import java.util.Map;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.junit.jupiter.api.Test;

class ProducerOptionsTest {
    private static final ProducerOptions USUAL = ProducerOptions.forServers("localhost:9092");

    @Test
    void defaultsAreKafkas() {
        Map<String, Object> kafkas = ProducerConfig.configDef().defaultValues();
        for (String name : ProducerConfig.configNames()) {
            if (!isKnown(name) || name.equals("client.id") || name.equals("bootstrap.servers")) continue;
            assertEquals(String.valueOf(kafkas.get(name)), USUAL.get(name), name);
        }
    }

    private static boolean isKnown(String name) {
        try {
            USUAL.get(name);
            return true;
        } catch (IllegalArgumentException notHere) {
            return false;
        }
    }

    @Test
    void everyNameOfKafkasIsTakenOrRefusedWithAReason() {
        for (String name : ProducerConfig.configNames()) {
            boolean hasNoDefault = name.startsWith("compression.") || name.equals("transactional.id");
            if (isKnown(name) || hasNoDefault) continue;
            String message = String.valueOf(assertThrows(IllegalArgumentException.class, () -> USUAL.with(name, "1"))
                    .getMessage());
            assertTrue(message.startsWith(name) && !message.contains("no such property"), message);
        }
    }

    @Test
    void idempotenceGivesWayUnlessItIsAskedFor() {
        assertTrue(USUAL.sendRules().isIdempotent());
        assertFalse(USUAL.with("acks", 1).sendRules().isIdempotent());
        assertFalse(USUAL.with("max.in.flight.requests.per.connection", 6)
                .sendRules()
                .isIdempotent());
        ProducerOptions leaderOnly = USUAL.with("acks", 1);
        assertThrows(IllegalArgumentException.class, () -> leaderOnly.with("enable.idempotence", true));
    }

    @Test
    void whatIsWrongIsNamed() {
        assertEquals(
                "linger.ms is 'soon'; want a whole number",
                assertThrows(IllegalArgumentException.class, () -> USUAL.with("linger.ms", "soon"))
                        .getMessage());
        assertEquals(
                "lingerms: a producer has no such property",
                assertThrows(IllegalArgumentException.class, () -> USUAL.with("lingerms", 1))
                        .getMessage());
        assertEquals(
                "delivery.timeout.ms is 100, below linger.ms + request.timeout.ms, which is 30005",
                assertThrows(IllegalArgumentException.class, () -> USUAL.with("delivery.timeout.ms", 100))
                        .getMessage());
    }

    @Test
    void levelsGoWithTheirCodec() {
        ProducerOptions options = USUAL.with("compression.type", "zstd").with("compression.zstd.level", 9);
        assertEquals(Compression.ZSTD, options.appendRules().compression());
        assertEquals(9, options.appendRules().level());
        assertThrows(IllegalArgumentException.class, () -> options.with("compression.zstd.level", 23));
    }

    @Test
    void transactionsNeedIdempotence() {
        ProducerOptions options = USUAL.with("transactional.id", "mine");
        assertTrue(options.sendRules().isTransactional());
        assertEquals("mine", options.transactionalId());
        assertEquals(60_000, options.transactionTimeoutMs());
        assertThrows(IllegalArgumentException.class, () -> options.with("enable.idempotence", false));
        assertThrows(IllegalArgumentException.class, () -> options.with("acks", 1));
        assertThrows(IllegalArgumentException.class, () -> USUAL.with("transactional.id", ""));
    }
}
