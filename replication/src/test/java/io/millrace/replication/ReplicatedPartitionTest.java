package io.millrace.replication;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.protocol.ErrorCode;
import io.millrace.records.OffsetAndEpoch;
import io.millrace.replication.ProposalAnswer.Consequence;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;

/** {@link PartitionLeader} with followers. */
class ReplicatedPartitionTest {
    private static final long LAG_MS = 100;

    private final ModelLog log = FollowedLog.of(2, 2, 4, 4, 4);
    private final Cluster brokers = new Cluster();
    private final PartitionLeader leader = leading(2, List.of(1, 2, 3));

    /** Broker epochs are ten times the id; racks are r and the id modulo 2. */
    private static final class Cluster implements KnownBrokers {
        final Map<Integer, Long> epochs = new HashMap<>();
        int fenced = -1;

        @Override
        public boolean isActive(int brokerId) {
            return brokerId != fenced;
        }

        @Override
        public long epochOf(int brokerId) {
            return epochs.getOrDefault(brokerId, brokerId * 10L);
        }

        @Override
        public Optional<String> rackOf(int brokerId) {
            return Optional.of("r" + brokerId % 2);
        }
    }

    private PartitionLeader leading(int minIsr, List<Integer> isr) {
        return new PartitionLeader(
                1,
                new PartitionRegistration(5, 9, List.of(1, 2, 3), isr),
                new ReplicationLimits(minIsr, LAG_MS),
                new LogPositions(5, 5, 2),
                0);
    }

    private FetchVerdict fetch(PartitionLeader from, int id, long offset, long nowMs) {
        return from.fetched(
                new FollowerFetch(id, id * 10L, 5, offset, log.epochBefore(offset), 0), log, brokers, nowMs);
    }

    @Test
    void whatAllInSyncHaveIsCommitted() {
        fetch(leader, 2, 5, 0);
        assertFalse(leader.advance(Long.MAX_VALUE), "3 has not been heard of");
        fetch(leader, 3, 4, 0);
        assertTrue(leader.advance(Long.MAX_VALUE));
        assertEquals(4, leader.highWatermark());
    }

    @Test
    void nothingIsCommittedWhileTooFewAreInSync() {
        PartitionLeader alone = leading(2, List.of(1));
        assertFalse(alone.advance(Long.MAX_VALUE));
        assertEquals(ErrorCode.NOT_ENOUGH_REPLICAS, alone.appendForAll());
    }

    @Test
    void ofFewerReplicasThanAreDemandedAllAreEnough() {
        PartitionLeader single = new PartitionLeader(
                1,
                new PartitionRegistration(5, 9, List.of(1), List.of(1)),
                new ReplicationLimits(3, LAG_MS),
                new LogPositions(5, 5, 2),
                0);
        assertEquals(ErrorCode.NONE, single.appendForAll());
        assertTrue(single.advance(Long.MAX_VALUE));
    }

    @Test
    void whoShrankAwayMeanwhileMakesAnAcknowledgementAnError() {
        leader.registered(new PartitionRegistration(5, 10, List.of(1, 2, 3), List.of(1)), brokers, 0);
        assertEquals(ErrorCode.NOT_ENOUGH_REPLICAS_AFTER_APPEND, leader.committedForAll());
    }

    @Test
    void whatTheLeaderDoesNotHaveDoesNotCount() {
        FollowerFetch ahead = new FollowerFetch(2, 20, 5, 4, 3, 0);
        assertEquals(new FetchVerdict.Diverges(new OffsetAndEpoch(2, 2)), leader.fetched(ahead, log, brokers, 0));
        fetch(leader, 3, 5, 0);
        assertFalse(leader.advance(Long.MAX_VALUE));
    }

    @Test
    void requestsForAnotherLeadershipAreRefused() {
        var older = new FollowerFetch(2, 20, 4, 5, 4, 0);
        var newer = new FollowerFetch(2, 20, 6, 5, 4, 0);
        assertEquals(new FetchVerdict.Refused(ErrorCode.FENCED_LEADER_EPOCH), leader.fetched(older, log, brokers, 0));
        assertEquals(new FetchVerdict.Refused(ErrorCode.UNKNOWN_LEADER_EPOCH), leader.fetched(newer, log, brokers, 0));
    }

    @Test
    void whoIsNoReplicaIsRefused() {
        assertEquals(new FetchVerdict.Refused(ErrorCode.UNKNOWN_LEADER_EPOCH), fetch(leader, 7, 5, 0));
    }

    @Test
    void aLifeThatIsOverIsRefusedOnceTheNextHasFetched() {
        fetch(leader, 2, 2, 0);
        var dead = new FollowerFetch(2, 19, 5, 5, 4, 0);
        assertEquals(new FetchVerdict.Refused(ErrorCode.NOT_LEADER_OR_FOLLOWER), leader.fetched(dead, log, brokers, 0));
    }

    @Test
    void anOffsetTheLeaderDoesNotHaveIsOutOfRange() {
        log.advanceStart(3);
        assertEquals(
                new FetchVerdict.Refused(ErrorCode.OFFSET_OUT_OF_RANGE),
                leader.fetched(new FollowerFetch(2, 20, 5, 1, FollowerFetch.NO_EPOCH, 0), log, brokers, 0));
    }

    @Test
    void aFollowerThatHasCaughtUpIsProposedWithItsLife() {
        PartitionLeader two = leading(1, List.of(1, 2));
        assertInstanceOf(FetchVerdict.Agrees.class, fetch(two, 3, 5, 0));
        IsrProposal proposal = two.proposeGrowth(brokers, 0).orElseThrow();
        assertEquals(
                List.of(
                        new IsrProposal.Member(1, 10),
                        new IsrProposal.Member(2, KnownBrokers.NO_EPOCH),
                        new IsrProposal.Member(3, 30)),
                proposal.isr());
        assertEquals(Optional.empty(), two.proposeGrowth(brokers, 0), "one at a time");
    }

    @Test
    void nobodyIsProposedWhoHasNotReachedTheStartOfTheEpoch() {
        PartitionLeader two = leading(1, List.of(1, 2));
        fetch(two, 3, 4, 0);
        fetch(two, 3, 4, 1);
        assertEquals(Optional.empty(), two.proposeGrowth(brokers, 1));
    }

    @Test
    void nobodyIsProposedWhoIsFencedOrHasAnotherLife() {
        PartitionLeader two = leading(1, List.of(1, 2));
        fetch(two, 3, 5, 0);
        brokers.fenced = 3;
        assertEquals(Optional.empty(), two.proposeGrowth(brokers, 0));
        brokers.fenced = -1;
        brokers.epochs.put(3, 31L);
        assertEquals(Optional.empty(), two.proposeGrowth(brokers, 0));
    }

    @Test
    void whoIsProposedIsWaitedForUntilTheAnswerHasCome() {
        PartitionLeader two = leading(1, List.of(1, 2));
        fetch(two, 3, 5, 0);
        IsrProposal proposal = two.proposeGrowth(brokers, 0).orElseThrow();
        two.appended(8);
        fetchAfterAppend(two);
        two.advance(Long.MAX_VALUE);
        assertEquals(5, two.highWatermark());
        assertEquals(Consequence.ASK_AGAIN, two.answered(proposal, new ProposalAnswer.Unanswered()));
        assertEquals(
                Consequence.AWAIT_METADATA,
                two.answered(proposal, new ProposalAnswer.Refused(ErrorCode.INVALID_UPDATE_VERSION)));
        assertFalse(two.advance(Long.MAX_VALUE), "it may have been carried out");
        brokers.fenced = 3;
        two.registered(new PartitionRegistration(5, 10, List.of(1, 2, 3), List.of(1, 2)), brokers, 0);
        assertTrue(two.advance(Long.MAX_VALUE));
        assertEquals(8, two.highWatermark());
    }

    private void fetchAfterAppend(PartitionLeader from) {
        for (int i = 0; i < 3; i++) log.append(new ModelLog.Entry(5, 0));
        fetch(from, 2, 8, 0);
    }

    @Test
    void anIneligibleReplicaIsNotWaitedFor() {
        PartitionLeader two = leading(1, List.of(1, 2));
        fetch(two, 3, 5, 0);
        IsrProposal proposal = two.proposeGrowth(brokers, 0).orElseThrow();
        assertEquals(
                Consequence.GIVEN_UP, two.answered(proposal, new ProposalAnswer.Refused(ErrorCode.INELIGIBLE_REPLICA)));
        assertTrue(two.proposeGrowth(brokers, 0).isPresent(), "it can be proposed again");
    }

    @Test
    void whoFallsBehindIsWaitedForUntilTheShrinkingIsCommitted() {
        fetch(leader, 2, 5, 200);
        fetch(leader, 3, 2, 200);
        assertEquals(Optional.empty(), leader.proposeShrinking(brokers, LAG_MS));
        IsrProposal proposal = leader.proposeShrinking(brokers, 201).orElseThrow();
        assertEquals(
                List.of(1, 2),
                proposal.isr().stream().map(IsrProposal.Member::brokerId).toList());
        leader.advance(Long.MAX_VALUE);
        assertEquals(2, leader.highWatermark());
        assertEquals(
                Consequence.SETTLED, leader.answered(proposal, new ProposalAnswer.Committed(5, 10, List.of(1, 2))));
        assertTrue(leader.advance(Long.MAX_VALUE));
        assertEquals(5, leader.highWatermark());
        assertEquals(10, leader.partitionEpoch());
    }

    @Test
    void aFollowerThatHasAllThereWasAtItsLastFetchIsCaughtUp() {
        fetch(leader, 2, 2, 50);
        log.append(new ModelLog.Entry(5, 0));
        leader.appended(6);
        fetch(leader, 2, 5, 140);
        fetch(leader, 3, 6, 140);
        assertEquals(Optional.empty(), leader.proposeShrinking(brokers, 150), "at 50 it lacked what it has now");
        assertTrue(leader.proposeShrinking(brokers, 151).isPresent());
    }

    @Test
    void whatIsOlderThanWhatIsKnownIsIgnored() {
        leader.registered(new PartitionRegistration(5, 8, List.of(1, 2, 3), List.of(1)), brokers, 0);
        assertEquals(List.of(1, 2, 3), leader.isr());
        assertThrows(
                IllegalArgumentException.class,
                () -> leader.registered(new PartitionRegistration(6, 10, List.of(1, 2, 3), List.of(1)), brokers, 0));
    }

    @Test
    void consumersAreSentToTheFarthestInSyncReplicaOfTheirRack() {
        fetch(leader, 2, 4, 0);
        fetch(leader, 3, 5, 0);
        assertEquals(OptionalInt.of(2), leader.preferredReadReplica("r0", 4, brokers));
        assertEquals(OptionalInt.empty(), leader.preferredReadReplica("r0", 5, brokers), "2 does not have it");
        assertEquals(OptionalInt.empty(), leader.preferredReadReplica("r1", 4, brokers), "the leader is there");
        assertEquals(OptionalInt.empty(), leader.preferredReadReplica("", 4, brokers));
        leader.registered(new PartitionRegistration(5, 10, List.of(1, 2, 3), List.of(1, 3)), brokers, 0);
        assertEquals(OptionalInt.empty(), leader.preferredReadReplica("r0", 4, brokers), "2 is not in sync");
    }
}
