package io.millrace.structure;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.millrace.testkit.RoomCheck;
import io.millrace.testkit.RoomCheck.Room;
import java.util.List;
import org.junit.jupiter.api.Test;

class RoomsTest {
    @Test
    void everyRoomIsInTheTable() {
        List<String> known = Rooms.all().stream().map(Room::name).toList();
        assertEquals(
                List.of(),
                Rooms.foldersWithMainCode().stream()
                        .filter(folder -> !known.contains(folder))
                        .toList(),
                "folders with main code that the table does not know");
    }

    @Test
    void everyRoomWithCodeIsCompiled() {
        RoomCheck check = new RoomCheck(Rooms.all());
        assertEquals(
                List.of(),
                Rooms.all().stream()
                        .map(Room::name)
                        .filter(Rooms::hasMainCode)
                        .filter(room -> check.classCount(room) == 0)
                        .toList(),
                "rooms without classes; build the whole tree first");
    }

    @Test
    void roomsDependOnlyOnRoomsBelowThem() {
        List<String> violations = new RoomCheck(Rooms.all()).forbiddenDependencies();
        assertEquals(List.of(), violations, () -> String.join("\n", violations));
    }

    @Test
    void programsStartInTheCommandLineRoomOnly() {
        List<String> violations = new RoomCheck(Rooms.all()).strayMains();
        assertEquals(List.of(), violations, () -> String.join("\n", violations));
    }
}
