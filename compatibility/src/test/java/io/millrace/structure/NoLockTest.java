package io.millrace.structure;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.millrace.testkit.LockCheck;
import io.millrace.testkit.PurityExceptions;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/**
 * No record waits for a lock between the socket and the file, either way: the rooms it passes through have none. The
 * exceptions, which are not on that way, are in {@code lock-exceptions.txt} beside this class, each with its reason.
 */
class NoLockTest {
    /** All that a produce or a fetch runs through, as whole rooms: what is beside the way today may be on it tomorrow. */
    private static final List<String> ON_THE_WAY = List.of(
            "environment", "protocol/messages", "records", "storage", "connection", "replication", "server", "host");

    @Test
    void thereIsNoLockOnTheWayOfARecord() throws IOException {
        LockCheck check = new LockCheck(exceptions());
        List<String> violations = new ArrayList<>();
        for (String room : ON_THE_WAY) violations.addAll(check.violations(Rooms.classes(room)));
        assertEquals(List.of(), violations, () -> String.join("\n", violations));
        assertEquals(List.of(), check.needlessExceptions(), "exceptions that nothing needs any more");
    }

    private static PurityExceptions exceptions() throws IOException {
        try (InputStream file = Objects.requireNonNull(NoLockTest.class.getResourceAsStream("lock-exceptions.txt"))) {
            return PurityExceptions.parse(new String(file.readAllBytes(), StandardCharsets.UTF_8)
                    .lines()
                    .toList());
        }
    }
}
