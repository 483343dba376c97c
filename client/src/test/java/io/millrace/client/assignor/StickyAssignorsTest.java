package io.millrace.client.assignor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.millrace.protocol.MalformedMessage;
import io.millrace.records.TopicPartition;
import io.millrace.testkit.Property;
import io.millrace.testkit.SeededRandom;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.function.Supplier;
import org.apache.kafka.clients.consumer.internals.AbstractPartitionAssignor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The sticky assignors beside the official classes, over the lives of random groups. */
class StickyAssignorsTest {
    record Case(OfficialGroup.Shape shape, boolean disputed) {}

    static List<Case> cases() {
        List<Case> cases = new ArrayList<>();
        for (boolean sameTopics : new boolean[] {true, false})
            for (boolean racks : new boolean[] {false, true})
                for (boolean disputed : new boolean[] {false, true})
                    cases.add(new Case(new OfficialGroup.Shape(4, 7, 6, sameTopics, racks), disputed));
        return cases;
    }

    @ParameterizedTest
    @MethodSource("cases")
    void cooperativeStickyGivesWhatTheOfficialClassGives(Case of) {
        agree(of, new CooperativeStickyAssignor(), org.apache.kafka.clients.consumer.CooperativeStickyAssignor::new);
    }

    @ParameterizedTest
    @MethodSource("cases")
    void stickyGivesWhatTheOfficialClassGives(Case of) {
        agree(of, new StickyAssignor(), org.apache.kafka.clients.consumer.StickyAssignor::new);
    }

    @Test
    void userDataIsReadBackAndEveryTruncationIsRefused() {
        Property.check(random -> {
            TreeSet<TopicPartition> owned = new TreeSet<>();
            for (int count = random.nextInt(9); count > 0; count--)
                owned.add(new TopicPartition("topic" + random.nextInt(3), random.nextInt(5)));
            StickyUserData data = new StickyUserData(List.copyOf(owned), random.nextInt(100));
            ByteBuffer bytes = data.write();
            assertEquals(data, StickyUserData.read(bytes.duplicate()));
            int generationAt = bytes.limit() - Integer.BYTES;
            assertEquals(
                    new StickyUserData(data.owned(), GroupMember.NO_GENERATION),
                    StickyUserData.read(bytes.slice(0, generationAt)));
            for (int size = 0; size < bytes.limit(); size++) {
                int cutAt = size;
                if (size != generationAt)
                    assertThrows(MalformedMessage.class, () -> StickyUserData.read(bytes.slice(0, cutAt)));
            }
        });
    }

    private static void agree(Case of, Assignor ours, Supplier<AbstractPartitionAssignor> official) {
        assertEquals(official.get().name(), ours.name());
        Property.check(1_000, random -> {
            OfficialGroup group = OfficialGroup.draw(random, of.shape());
            for (int generation = 1; generation < 5; generation++) {
                OfficialGroup now = group;
                var expected = group.assignedBy(official.get());
                var actual = OfficialGroup.sorted(ours.assign(group.topics(), group.members()));
                assertEquals(expected, actual, now::toString);
                group = next(random, group, actual, generation, of.disputed());
            }
        });
    }

    /** The group at its next rebalance: members come, go, change their minds, and own what they were given. */
    private static OfficialGroup next(
            SeededRandom random,
            OfficialGroup group,
            Map<String, List<TopicPartition>> assignment,
            int generation,
            boolean disputed) {
        List<GroupMember> members = new ArrayList<>();
        for (GroupMember member : group.members()) {
            if (random.nextInt(5) == 0) continue;
            TreeSet<String> topics = new TreeSet<>(member.topics());
            List<TopicPartition> owned = new ArrayList<>(assignment.getOrDefault(member.memberId(), List.of()));
            int its = generation;
            if (disputed && random.nextInt(4) == 0) {
                its = random.nextInt(3) == 0 ? GroupMember.NO_GENERATION : generation - random.nextInt(2);
                owned.addAll(member.owned());
                owned = new ArrayList<>(new TreeSet<>(owned));
            }
            members.add(new GroupMember(member.memberId(), member.instanceId(), topics, owned, its, member.rack()));
        }
        int comers = members.isEmpty() ? 1 : random.nextInt(3);
        for (int comer = 0; comer < comers; comer++) {
            GroupMember like =
                    group.members().get(random.nextInt(group.members().size()));
            members.add(new GroupMember(
                    "comer-" + generation + "-" + random.nextInt(1000) + comer,
                    null,
                    like.topics(),
                    List.of(),
                    -1,
                    like.rack()));
        }
        return new OfficialGroup(group.topics(), members);
    }
}
