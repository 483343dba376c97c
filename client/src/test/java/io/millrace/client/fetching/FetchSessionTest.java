package io.millrace.client.fetching;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.Uuid;
import io.millrace.records.TopicPartition;
import io.millrace.testkit.Property;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

class FetchSessionTest {
    private static final int PARTITIONS = 6;

    /** A broker's end, as KIP-227 has it: at most one session, which it may forget. */
    private static final class ModelBroker {
        private final Map<TopicPartition, WantedPartition> partitions = new LinkedHashMap<>();
        private int sessionId;
        private int nextEpoch;
        private int lastId;

        /** The session's id; below 0 is a refusal. */
        int fetch(FetchPlan plan) {
            if (plan.sessionEpoch() == 0) {
                partitions.clear();
                partitions.putAll(plan.partitions());
                sessionId = ++lastId;
                nextEpoch = 1;
                return sessionId;
            }
            if (plan.sessionId() != sessionId) return -ErrorCode.FETCH_SESSION_ID_NOT_FOUND.code();
            if (plan.sessionEpoch() != nextEpoch) return -ErrorCode.INVALID_FETCH_SESSION_EPOCH.code();
            nextEpoch++;
            plan.forgotten().forEach(each -> partitions.remove(each.getKey()));
            partitions.putAll(plan.partitions());
            return sessionId;
        }
    }

    @Test
    void theBrokerLooksAtExactlyWhatIsWantedWhateverIsLost() {
        Property.check(random -> {
            FetchSession session = new FetchSession();
            ModelBroker broker = new ModelBroker();
            for (int turn = 0; turn < 60; turn++) {
                Map<TopicPartition, WantedPartition> wanted = new LinkedHashMap<>();
                boolean hasIds = random.nextInt(20) != 0;
                for (int i = 0; i < PARTITIONS; i++) {
                    if (random.nextInt(3) == 0) continue;
                    Uuid id = hasIds ? new Uuid(1, 1 + random.nextInt(2)) : Uuid.ZERO;
                    wanted.put(new TopicPartition("t", i), new WantedPartition(id, random.nextInt(3), 0, 1));
                }
                if (random.nextInt(10) == 0) broker.sessionId = 0; // It made room for another client.
                FetchPlan plan = session.next(wanted);
                if (random.nextInt(10) == 0) { // The request never came there.
                    session.lost();
                    continue;
                }
                int said = broker.fetch(plan);
                if (random.nextInt(10) == 0) { // The answer never came here.
                    session.lost();
                    continue;
                }
                if (said < 0) session.refused(ErrorCode.forCode((short) -said));
                else {
                    assertEquals(wanted, broker.partitions);
                    session.answered(said);
                }
            }
        });
    }

    @Test
    void onlyWhatHasChangedIsSaid() {
        FetchSession session = new FetchSession();
        TopicPartition partition = new TopicPartition("t", 0);
        TopicPartition other = new TopicPartition("t", 1);
        WantedPartition at5 = new WantedPartition(new Uuid(1, 2), 5, 0, 100);
        WantedPartition at6 = new WantedPartition(new Uuid(1, 2), 6, 0, 100);
        session.next(Map.of(partition, at5, other, at5));
        session.answered(7);

        FetchPlan plan = session.next(Map.of(partition, at6, other, at5));

        assertEquals(new FetchPlan(7, 1, Map.of(partition, at6), java.util.List.of(), true), plan);
        session.answered(7);
        assertTrue(session.next(Map.of(partition, at6)).forgotten().contains(Map.entry(other, at5)));
    }
}
