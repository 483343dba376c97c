package io.millrace.testkit;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Holds the rooms to the order in which they may know each other: a class depends only on its own room and on rooms the
 * table lets it see, by what its compiled form names and not by what a pom happens to allow.
 */
public final class RoomCheck {
    /**
     * One room.
     *
     * @param name    its folder
     * @param classes where its compiled main classes lie
     * @param maySee  the names of the rooms it may depend on, besides itself
     * @param hasMain whether a program may start in it
     */
    public record Room(String name, Path classes, Set<String> maySee, boolean hasMain) {
        /** Keeps its own copy of the set. */
        public Room {
            maySee = Set.copyOf(maySee);
        }
    }

    private static final String BASE_PACKAGE = "io.millrace.";

    private final Map<Room, List<CompiledClass>> classes = new LinkedHashMap<>();
    private final Map<String, String> roomOfClass = new HashMap<>();

    /** Reads the compiled classes of all rooms. */
    public RoomCheck(List<Room> rooms) {
        for (Room room : rooms) {
            List<CompiledClass> compiled = CompiledClass.below(room.classes());
            classes.put(room, compiled);
            for (CompiledClass one : compiled) {
                String other = roomOfClass.put(one.name(), room.name());
                if (other != null)
                    throw new IllegalArgumentException(
                            one.name() + " is in two rooms, " + other + " and " + room.name());
            }
        }
    }

    /** How many classes a room was found to have. */
    public int classCount(String roomName) {
        return classes.entrySet().stream()
                .filter(entry -> entry.getKey().name().equals(roomName))
                .mapToInt(entry -> entry.getValue().size())
                .sum();
    }

    /** Every class that depends on a room it may not see, or on a class of no room; one line each, in a stable order. */
    public List<String> forbiddenDependencies() {
        List<String> violations = new ArrayList<>();
        classes.forEach((room, compiled) -> {
            for (CompiledClass one : compiled) {
                Set<String> reported = new TreeSet<>();
                for (String type : one.types()) {
                    if (!type.startsWith(BASE_PACKAGE)) continue;
                    @Nullable String other = roomOfClass.get(type);
                    if (other == null) reported.add(one.name() + " depends on " + type + ", which is in no room");
                    else if (!other.equals(room.name()) && !room.maySee().contains(other))
                        reported.add(one.name() + " in " + room.name() + " depends on " + type + " in " + other);
                }
                violations.addAll(reported);
            }
        });
        return violations;
    }

    /** Every class with a {@code main} method in a room where no program may start. */
    public List<String> strayMains() {
        List<String> violations = new ArrayList<>();
        classes.forEach((room, compiled) -> {
            if (room.hasMain()) return;
            for (CompiledClass one : compiled) {
                if (one.hasMain()) violations.add(one.name() + " in " + room.name() + " has a main method");
            }
        });
        return violations;
    }
}
