package io.millrace.cli.topic;

import io.millrace.cli.terminal.Terminal;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Reads {@code --replica-assignment 1:2,2:1}: partitions separated by commas, the broker ids of each by colons. */
final class ReplicaAssignment {
    private ReplicaAssignment() {}

    static List<List<Integer>> read(@Nullable String text, Terminal terminal) {
        if (text == null) return List.of();
        List<List<Integer>> partitions = new ArrayList<>();
        for (String partition : text.split(",", -1)) {
            Set<Integer> brokerIds = new LinkedHashSet<>();
            for (String id : partition.split(":", -1)) {
                try {
                    if (!brokerIds.add(Integer.parseInt(id.strip())))
                        throw terminal.wronglyAsked("--replica-assignment " + text + ": broker " + id
                                + " has two replicas of partition " + partitions.size());
                } catch (NumberFormatException e) {
                    throw terminal.wronglyAsked("--replica-assignment " + text + ": '" + id
                            + "' is not a broker id; want 1:2,2:1 for two partitions on brokers 1 and 2");
                }
            }
            partitions.add(List.copyOf(brokerIds));
        }
        return partitions;
    }
}
