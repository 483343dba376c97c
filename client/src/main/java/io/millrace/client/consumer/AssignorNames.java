package io.millrace.client.consumer;

import io.millrace.client.assignor.Assignor;
import io.millrace.client.assignor.CooperativeStickyAssignor;
import io.millrace.client.assignor.RangeAssignor;
import io.millrace.client.assignor.RoundRobinAssignor;
import io.millrace.client.assignor.StickyAssignor;
import java.util.ArrayList;
import java.util.List;

/** Understands {@code partition.assignment.strategy}. */
final class AssignorNames {
    private static final String KAFKAS_PACKAGE = "org.apache.kafka.clients.consumer.";

    private AssignorNames() {}

    /**
     * The assignors of a list with commas, by the names that members agree on them by or by Kafka's class names.
     *
     * @throws IllegalArgumentException if one is not known, or named twice, or there is none
     */
    static List<Assignor> parse(String text) {
        List<Assignor> all = new ArrayList<>();
        for (String part : text.split(",", -1)) {
            Assignor next = assignor(part.strip());
            if (all.stream().anyMatch(each -> each.name().equals(next.name())))
                throw new IllegalArgumentException("partition.assignment.strategy names " + next.name() + " twice");
            all.add(next);
        }
        return List.copyOf(all);
    }

    private static Assignor assignor(String name) {
        String own = name.startsWith(KAFKAS_PACKAGE) ? name.substring(KAFKAS_PACKAGE.length()) : name;
        return switch (own) {
            case "range", "RangeAssignor" -> new RangeAssignor();
            case "roundrobin", "RoundRobinAssignor" -> new RoundRobinAssignor();
            case "sticky", "StickyAssignor" -> new StickyAssignor();
            case "cooperative-sticky", "CooperativeStickyAssignor" -> new CooperativeStickyAssignor();
            default ->
                throw new IllegalArgumentException("partition.assignment.strategy has '" + name
                        + "'; want range, roundrobin, sticky, cooperative-sticky, or several with commas");
        };
    }
}
