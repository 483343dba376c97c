package io.millrace.client.assignor;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.millrace.testkit.Property;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.apache.kafka.clients.consumer.internals.AbstractPartitionAssignor;
import org.junit.jupiter.api.Test;

/** Range and round robin beside the official classes. */
class EagerAssignorsTest {
    private static final OfficialGroup.Shape SMALL = new OfficialGroup.Shape(4, 7, 5, false, false);
    private static final OfficialGroup.Shape SAME_TOPICS = new OfficialGroup.Shape(5, 9, 6, true, false);
    private static final OfficialGroup.Shape RACKS = new OfficialGroup.Shape(5, 9, 6, false, true);
    private static final OfficialGroup.Shape SAME_TOPICS_AND_RACKS = new OfficialGroup.Shape(5, 9, 6, true, true);

    private static void agree(Assignor ours, AbstractPartitionAssignor official) {
        assertEquals(official.name(), ours.name());
        for (var shape : List.of(SMALL, SAME_TOPICS, RACKS, SAME_TOPICS_AND_RACKS)) {
            Property.check(2_000, random -> {
                OfficialGroup group = OfficialGroup.draw(random, shape);
                assertEquals(
                        group.assignedBy(official),
                        OfficialGroup.sorted(ours.assign(group.topics(), group.members())),
                        group::toString);
            });
        }
    }

    @Test
    void rangeGivesWhatTheOfficialClassGives() {
        agree(new RangeAssignor(), new org.apache.kafka.clients.consumer.RangeAssignor());
    }

    @Test
    void roundRobinGivesWhatTheOfficialClassGives() {
        agree(new RoundRobinAssignor(), new org.apache.kafka.clients.consumer.RoundRobinAssignor());
    }

    @Test
    void aGroupWhoseTopicsDoNotExistGetsNothing() {
        var member = new GroupMember("m", null, new TreeSet<>(List.of("gone")), List.of(), -1, null);
        var nothing = Map.of("m", List.of());
        assertEquals(nothing, new RangeAssignor().assign(TopicLayouts.ofCounts(Map.of()), List.of(member)));
        assertEquals(nothing, new RoundRobinAssignor().assign(TopicLayouts.ofCounts(Map.of()), List.of(member)));
    }
}
