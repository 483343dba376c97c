package io.millrace.structure;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.millrace.testkit.PurityCheck;
import io.millrace.testkit.PurityCheck.Profile;
import io.millrace.testkit.PurityExceptions;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/**
 * What decides, computes; what runs it, sees the environment's interfaces; nothing else gets near a clock, thread, lock,
 * file, socket or chance. The exceptions, each with its reason, are in {@code purity-exceptions.txt} beside this class.
 */
class PurityTest {
    private static final Map<String, Profile> ROOMS = rooms();

    /** Of the client only what decides and runs; its façades have threads and sockets. */
    private static final List<String> OF_THE_CLIENT = List.of(
            "assignor",
            "cluster",
            "sending",
            "fetching",
            "committing",
            "dispatch",
            "membership",
            "placement",
            "transaction");

    private static Map<String, Profile> rooms() {
        Map<String, Profile> rooms = new LinkedHashMap<>();
        for (String room : List.of(
                "protocol/messages", "records", "metadata", "raft", "controller", "replication", "coordinators"))
            rooms.put(room, Profile.DECIDING);
        rooms.put("storage", Profile.STORING);
        rooms.put("connection", Profile.RUNNING);
        rooms.put("server", Profile.RUNNING);
        return rooms;
    }

    @Test
    void onlyTheHostAndTheSimulatorTouchTheOutside() throws IOException {
        PurityCheck check = new PurityCheck(exceptions());
        List<String> violations = new ArrayList<>();
        ROOMS.forEach((room, profile) -> violations.addAll(check.violations(Rooms.classes(room), profile)));
        for (String part : OF_THE_CLIENT) {
            violations.addAll(check.violations(
                    Rooms.classes("client").resolve("io/millrace/client").resolve(part), Profile.DECIDING));
        }
        assertEquals(List.of(), violations, () -> String.join("\n", violations));
        assertEquals(List.of(), check.needlessExceptions(), "exceptions that nothing needs any more");
    }

    private static PurityExceptions exceptions() throws IOException {
        try (InputStream file = Objects.requireNonNull(PurityTest.class.getResourceAsStream("purity-exceptions.txt"))) {
            return PurityExceptions.parse(new String(file.readAllBytes(), StandardCharsets.UTF_8)
                    .lines()
                    .toList());
        }
    }
}
