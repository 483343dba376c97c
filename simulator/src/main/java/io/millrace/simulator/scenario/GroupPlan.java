package io.millrace.simulator.scenario;

import io.millrace.client.assignor.Assignor;
import io.millrace.client.assignor.CooperativeStickyAssignor;
import io.millrace.client.assignor.RangeAssignor;
import io.millrace.client.assignor.RoundRobinAssignor;
import io.millrace.client.assignor.StickyAssignor;
import io.millrace.client.membership.MembershipRules;
import io.millrace.testkit.SeededRandom;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How the members of one group behave.
 *
 * @param isStatic whether they have names of their own (KIP-345), under which they come back
 * @param commitMs between two commits
 * @param commitsEach whether there is a commit behind each record then, none of which waits for the one before
 */
record GroupPlan(
        String groupId,
        String topic,
        Kind assignor,
        boolean isStatic,
        int sessionMs,
        int maxPollMs,
        int commitMs,
        boolean commitsEach) {
    /** By which partitions are shared out. */
    enum Kind {
        RANGE,
        ROUND_ROBIN,
        STICKY,
        COOPERATIVE;

        List<Assignor> assignors() {
            return switch (this) {
                case RANGE -> List.of(new RangeAssignor());
                case ROUND_ROBIN -> List.of(new RoundRobinAssignor(), new RangeAssignor());
                case STICKY -> List.of(new StickyAssignor());
                case COOPERATIVE -> List.of(new CooperativeStickyAssignor());
            };
        }
    }

    static GroupPlan drawn(String groupId, String topic, SeededRandom random) {
        return new GroupPlan(
                groupId,
                topic,
                random.pick(Kind.RANGE, Kind.ROUND_ROBIN, Kind.STICKY, Kind.COOPERATIVE, Kind.COOPERATIVE),
                random.nextInt(3) == 0,
                random.pick(1_500, 3_000, 8_000),
                random.pick(4_000, 15_000),
                random.pick(20, 300, 2_000),
                false);
    }

    /** The same, but for commits behind each record. */
    GroupPlan committingEach() {
        return new GroupPlan(groupId, topic, assignor, isStatic, sessionMs, maxPollMs, commitMs, true);
    }

    MembershipRules rules(@Nullable String instanceId) {
        return new MembershipRules(
                groupId,
                instanceId,
                null,
                sessionMs,
                sessionMs / 3,
                maxPollMs,
                ClientSetup.REQUEST_MS,
                ClientSetup.BACKOFF);
    }
}
