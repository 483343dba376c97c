package io.millrace.compatibility;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.compatibility.program.JavaClients;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.apache.kafka.clients.admin.NewTopic;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Our consumers as members of groups, as {@code millrace consume --group}, beside official ones, on the broker under test. */
@Tag("long")
final class OwnMembersTest {
    private static final Duration PATIENCE = Duration.ofMinutes(1);
    private static final int PARTITION_COUNT = 12;

    @RegisterExtension
    static final BrokerUnderTest broker = BrokerUnderTest.with("group.initial.rebalance.delay.ms=0");

    @TempDir
    Path directory;

    private static String create(String topic) throws Exception {
        try (var admin = JavaClients.admin(broker.bootstrap())) {
            admin.createTopics(List.of(new NewTopic(topic, PARTITION_COUNT, (short) 1)))
                    .all()
                    .get();
        }
        return topic;
    }

    @ParameterizedTest
    @ValueSource(strings = {"range", "roundrobin", "sticky", "cooperative-sticky"})
    void ourMembersAndOfficialOnesShareAGroupWhileSomeComeGoAndDie(String assignor) throws Exception {
        String topic = create("both-" + assignor);
        var members = new MembersOfBothKinds(assignor, true, directory);
        try (var story = new GroupStory(broker.bootstrap(), members::start, topic, "g-" + topic)) {
            story.writeSome();
            story.join(2);
            story.writeSome();
            story.awaitAllSeen();
            story.join(2);
            story.writeSome();
            story.awaitAllSeen();
            story.leave();
            story.writeSome();
            story.awaitAllSeen();
            story.join(3);
            story.die();
            story.writeSome();
            story.awaitAllSeen();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"range", "cooperative-sticky"})
    void membersThatComeAndLeaveReadEachRecordOnce(String assignor) throws Exception {
        String topic = create("once-" + assignor);
        var members = new MembersOfBothKinds(assignor, false, directory);
        try (var story = new GroupStory(broker.bootstrap(), members::start, topic, "g-" + topic)) {
            story.writeSome();
            story.join(1);
            story.writeSome();
            story.join(2);
            story.writeSome();
            story.leave();
            story.writeSome();
            story.awaitAllSeen();
            Set<String> seen = new HashSet<>();
            List<String> twice = new ArrayList<>();
            for (String line : story.records()) if (!seen.add(line)) twice.add(line);
            assertEquals(List.of(), twice);
        }
    }

    @Test
    void aStaticMemberThatIsBackInTimeDisturbsNobody() throws Exception {
        String topic = create("static");
        var members = new MembersOfBothKinds("range", false, directory);
        String patient = "session.timeout.ms=30000";
        try (var other = members.startOwn(broker.bootstrap(), topic, "g-static", patient)) {
            other.awaitLine("the first member has all", PATIENCE, line -> isAssigned(line, PARTITION_COUNT));
            String name = "group.instance.id=i1";
            String had;
            try (var one = members.startOwn(broker.bootstrap(), topic, "g-static", name, patient)) {
                had = one.awaitLine("the second has half", PATIENCE, line -> isAssigned(line, PARTITION_COUNT / 2));
                other.awaitLine("so has the first", PATIENCE, line -> isAssigned(line, PARTITION_COUNT / 2));
                one.terminate();
                one.awaitExit(PATIENCE);
            }
            List<String> before = other.lines();
            try (var back = members.startOwn(broker.bootstrap(), topic, "g-static", name, patient)) {
                assertEquals(had, back.awaitLine("it is back", PATIENCE, line -> line.startsWith("assigned")));
                assertEquals(before, other.lines());
                try (var twin = members.startOwn(broker.bootstrap(), topic, "g-static", name, patient)) {
                    twin.awaitLine("the twin takes its place", PATIENCE, line -> line.startsWith("assigned"));
                    back.awaitLine("it is fenced", PATIENCE, line -> line.contains("FENCED_INSTANCE_ID"));
                    assertEquals(1, back.awaitExit(PATIENCE));
                }
            }
            assertTrue(other.isAlive(), other.output());
        }
    }

    private static boolean isAssigned(String line, int count) {
        return line.startsWith("assigned ") && line.split(" ").length == 1 + count;
    }
}
