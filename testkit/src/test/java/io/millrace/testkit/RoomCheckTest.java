package io.millrace.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.millrace.testkit.PurityCheckTest.Samples;
import io.millrace.testkit.RoomCheck.Room;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RoomCheckTest {
    @TempDir
    Path root;

    private Path lower;
    private Path upper;

    @BeforeEach
    void twoRooms() throws IOException {
        lower = Files.createDirectory(root.resolve("lower"));
        upper = Files.createDirectory(root.resolve("upper"));
        Samples.compile(lower, "io.millrace.lower.Stone", "public int weight;");
        // The compiler needs the lower class beside it; the copy is removed again before the check reads the room.
        Samples.compile(upper, "io.millrace.lower.Stone", "public int weight;");
        Samples.compile(
                upper,
                "io.millrace.upper.Roof",
                "int weigh() { return new io.millrace.lower.Stone().weight; } public static void main(String[] a) {}");
        Files.delete(upper.resolve("io/millrace/lower/Stone.class"));
    }

    @Test
    void aRoomMaySeeTheRoomsItIsGiven() {
        RoomCheck check = check(Set.of("lower"), true);
        assertEquals(List.of(), check.forbiddenDependencies());
        assertEquals(List.of(), check.strayMains());
        assertEquals(1, check.classCount("upper"));
    }

    @Test
    void aRoomItIsNotGivenIsReportedWithBothClasses() {
        assertEquals(
                List.of("io.millrace.upper.Roof in upper depends on io.millrace.lower.Stone in lower"),
                check(Set.of(), true).forbiddenDependencies());
    }

    @Test
    void aClassOfNoRoomIsReported() {
        RoomCheck check = new RoomCheck(List.of(new Room("upper", upper, Set.of("lower"), true)));
        assertEquals(
                List.of("io.millrace.upper.Roof depends on io.millrace.lower.Stone, which is in no room"),
                check.forbiddenDependencies());
    }

    @Test
    void aMainMethodElsewhereIsReported() {
        assertEquals(
                List.of("io.millrace.upper.Roof in upper has a main method"),
                check(Set.of("lower"), false).strayMains());
    }

    private RoomCheck check(Set<String> upperMaySee, boolean upperHasMain) {
        return new RoomCheck(List.of(
                new Room("lower", lower, Set.of(), false), new Room("upper", upper, upperMaySee, upperHasMain)));
    }
}
