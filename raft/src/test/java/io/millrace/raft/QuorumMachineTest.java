package io.millrace.raft;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.Uuid;
import io.millrace.raft.QuorumAction.AdvanceHighWatermark;
import io.millrace.raft.QuorumAction.AnnounceLeader;
import io.millrace.raft.QuorumAction.AnnounceResigned;
import io.millrace.raft.QuorumAction.AppendLeaderChange;
import io.millrace.raft.QuorumAction.PersistElection;
import io.millrace.records.OffsetAndEpoch;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;

class QuorumMachineTest {
    private static final ReplicaKey SELF = new ReplicaKey(1, new Uuid(5, 6));

    private final ModelLog log = new ModelLog();

    @Test
    void aLoneVoterStandsInTheNextEpochAndWaitsUntilThatIsPersisted() {
        QuorumMachine machine = machine(ElectionState.led(4, 1), new OffsetAndEpoch(100, 4));

        List<QuorumAction> actions = on(machine, new QuorumEvent.Started());

        PersistElection persist = assertInstanceOf(PersistElection.class, actions.getFirst());
        assertEquals(1, actions.size());
        assertEquals(ElectionState.led(5, 1), persist.election());
        assertFalse(machine.isLeader(5));
    }

    @Test
    void itOpensItsEpochWithALeaderChangeOnceTheElectionIsPersisted() {
        QuorumMachine machine = machine(ElectionState.INITIAL, new OffsetAndEpoch(0, 0));
        on(machine, new QuorumEvent.Started());

        List<QuorumAction> actions = on(machine, new QuorumEvent.ElectionPersisted(ElectionState.led(1, 1)));

        AppendLeaderChange change = assertInstanceOf(AppendLeaderChange.class, actions.getFirst());
        assertEquals(1, change.epoch());
        assertEquals(1, change.message().leaderId());
        assertEquals(
                List.of(1),
                change.message().grantingVoters().stream()
                        .map(voter -> voter.voterId())
                        .toList());
        assertTrue(machine.isLeader(1));
        assertFalse(machine.isLeader(0));
    }

    @Test
    void anotherEpochsElectionBeingPersistedDoesNotMakeItLead() {
        QuorumMachine machine = machine(ElectionState.INITIAL, new OffsetAndEpoch(0, 0));
        on(machine, new QuorumEvent.Started());

        assertEquals(List.of(), on(machine, new QuorumEvent.ElectionPersisted(ElectionState.led(7, 1))));
        assertFalse(machine.isLeader(7));
    }

    @Test
    void nothingIsCommittedBeforeTheLeadersOwnBatchIsForced() {
        QuorumMachine machine = leaderAt(100, 4);
        append(machine, 101);

        assertEquals(List.of(), on(machine, new QuorumEvent.LogForced(100)));
        assertEquals(0, machine.highWatermark());
        assertEquals(
                List.of(new AdvanceHighWatermark(101), new AnnounceLeader(5, 101)),
                on(machine, new QuorumEvent.LogForced(101)));
    }

    @Test
    void aLoneVoterRefusesWhoeverClaimsToLead() {
        QuorumMachine machine = leaderAt(0, 0);
        ReplicaKey other = new ReplicaKey(2, new Uuid(7, 8));
        List<PeerRequest> claims = List.of(
                new PeerRequest.Vote(99, new OffsetAndEpoch(1_000, 98), false),
                new PeerRequest.Vote(99, new OffsetAndEpoch(1_000, 98), true),
                new PeerRequest.BeginQuorumEpoch(99),
                new PeerRequest.EndQuorumEpoch(99, List.of(SELF)));
        for (PeerRequest claim : claims)
            assertEquals(
                    List.of(new QuorumAction.Answer(
                            7, new PeerAnswer.Refused(ErrorCode.INVALID_REQUEST, machine.leader()))),
                    on(machine, new QuorumEvent.Asked(7, other, Optional.empty(), claim)));
        assertTrue(machine.isLeader(1));
    }

    @Test
    void afterTheLastEpochAReplicaStopsRatherThanBeginAnother() {
        QuorumMachine machine = machine(ElectionState.led(LeaderAndEpoch.LAST_EPOCH, 1), new OffsetAndEpoch(100, 4));

        List<QuorumAction> actions = on(machine, new QuorumEvent.Started());

        assertEquals(1, actions.size());
        assertInstanceOf(QuorumAction.StopForGood.class, actions.getFirst());
    }

    @Test
    void theHighWatermarkFollowsTheForcedEndAndNeverGoesBack() {
        QuorumMachine machine = leaderAt(0, 0);
        append(machine, 1);
        on(machine, new QuorumEvent.LogForced(1));
        append(machine, 10);

        assertEquals(List.of(new AdvanceHighWatermark(7)), on(machine, new QuorumEvent.LogForced(7)));
        assertEquals(List.of(), on(machine, new QuorumEvent.LogForced(3)));
        assertEquals(7, machine.highWatermark());
    }

    @Test
    void whoeverVotesAloneGoesOnLeadingThoughItsDiskIsFull() {
        QuorumMachine machine = leaderAt(0, 0);
        assertEquals(List.of(), on(machine, new QuorumEvent.NothingFits()));
        assertTrue(machine.isLeader(machine.state().epoch()));
    }

    @Test
    void aForceBeyondTheEndOfTheLogIsABug() {
        QuorumMachine machine = leaderAt(0, 0);
        append(machine, 1);

        assertThrows(IllegalStateException.class, () -> on(machine, new QuorumEvent.LogForced(2)));
    }

    @Test
    void anEpochInTheLogCountsEvenIfTheQuorumStateFileWasLost() {
        QuorumMachine machine = machine(ElectionState.INITIAL, new OffsetAndEpoch(40, 9));

        PersistElection persist =
                (PersistElection) on(machine, new QuorumEvent.Started()).getFirst();

        assertEquals(10, persist.election().epoch());
    }

    @Test
    void aVoteGivenInAnEpochIsNotGivenAgainInTheSameEpoch() {
        ElectionState voted = new ElectionState(6, OptionalInt.empty(), Optional.of(SELF));

        PersistElection persist =
                (PersistElection) on(machine(voted, new OffsetAndEpoch(0, 0)), new QuorumEvent.Started())
                        .getFirst();

        assertEquals(7, persist.election().epoch());
    }

    @Test
    void votersOfABootstrapSnapshotGoIntoTheLogWithTheFirstLeaderChange() {
        VoterHistory history = new VoterHistory(VoterSet.NONE);
        history.addKraftVersion(VoterHistory.BOOTSTRAP_OFFSET, (short) 1);
        history.addVoters(VoterHistory.BOOTSTRAP_OFFSET, voters());
        AppendLeaderChange change = firstLeaderChange(history);
        assertEquals(Optional.of(new QuorumAction.BootstrapVoters((short) 1, voters())), change.bootstrapVoters());
    }

    @Test
    void votersThatAreInTheLogAreNotWrittenAgain() {
        VoterHistory history = new VoterHistory(VoterSet.NONE);
        history.addKraftVersion(0, (short) 1);
        history.addVoters(0, voters());

        assertEquals(Optional.empty(), firstLeaderChange(history).bootstrapVoters());
    }

    @Test
    void resigningIsAnnouncedOnlyIfLeadingWas() {
        QuorumMachine silent = leaderAt(0, 0);
        assertEquals(List.of(), on(silent, new QuorumEvent.ResignRequested()));

        QuorumMachine announced = leaderAt(0, 0);
        append(announced, 1);
        on(announced, new QuorumEvent.LogForced(1));
        assertEquals(List.of(new AnnounceResigned(1)), on(announced, new QuorumEvent.ResignRequested()));
        assertFalse(announced.isLeader(1));
    }

    @Test
    void aResignedLeaderCommitsNothing() {
        QuorumMachine machine = leaderAt(0, 0);
        append(machine, 1);
        on(machine, new QuorumEvent.ResignRequested());

        assertEquals(List.of(), on(machine, new QuorumEvent.LogForced(1)));
        assertEquals(0, machine.highWatermark());
    }

    private AppendLeaderChange firstLeaderChange(VoterHistory history) {
        var machine = machine(ElectionState.INITIAL, new OffsetAndEpoch(0, 0), history);
        on(machine, new QuorumEvent.Started());
        return (AppendLeaderChange) on(machine, new QuorumEvent.ElectionPersisted(ElectionState.led(1, 1)))
                .getFirst();
    }

    private QuorumMachine leaderAt(long logEndOffset, int epoch) {
        QuorumMachine machine = machine(ElectionState.led(epoch, 1), new OffsetAndEpoch(logEndOffset, epoch));
        on(machine, new QuorumEvent.Started());
        on(machine, new QuorumEvent.ElectionPersisted(ElectionState.led(epoch + 1, 1)));
        return machine;
    }

    private QuorumMachine machine(ElectionState persisted, OffsetAndEpoch logEnd) {
        return machine(persisted, logEnd, new VoterHistory(voters()));
    }

    private QuorumMachine machine(ElectionState persisted, OffsetAndEpoch logEnd, VoterHistory history) {
        for (long offset = 0; offset < logEnd.offset(); offset++)
            log.append(new ModelLog.Entry(logEnd.leaderEpoch(), offset));
        log.force(logEnd.offset());
        return new QuorumMachine(SELF, persisted, log, 0, history, QuorumTimeouts.DEFAULT);
    }

    @Test
    void anObserverThatKnowsNobodyAsksAroundAndFollowsWhomItIsToldOf() {
        var history = new VoterHistory(VoterSet.NONE);
        var machine = new QuorumMachine(
                SELF, ElectionState.INITIAL, log, 0, history, QuorumTimeouts.DEFAULT, true, OwnVoter.NONE);

        QuorumAction.AskAround first = assertInstanceOf(
                QuorumAction.AskAround.class,
                on(machine, new QuorumEvent.Started()).getFirst());
        assertEquals(new PeerRequest.Fetch(0, new OffsetAndEpoch(0, 0), 0, 0), first.request());
        assertEquals(List.of(), on(machine, new QuorumEvent.TimePassed()));

        // Nobody there; it tries again after the pause, and not before.
        assertEquals(List.of(), on(machine, new QuorumEvent.Unanswered(first.number())));
        long againMs = QuorumTimeouts.DEFAULT.retryBackoffMs();
        assertEquals(againMs, machine.wakeAtMs());
        QuorumAction.AskAround second = assertInstanceOf(
                QuorumAction.AskAround.class,
                machine.on(new QuorumEvent.TimePassed(), new Moment(againMs, 0)).getFirst());

        var leader = new LeaderAndEpoch(OptionalInt.of(7), 3);
        List<QuorumAction> told = on(
                machine,
                new QuorumEvent.Answered(
                        second.number(), new PeerAnswer.Refused(ErrorCode.NOT_LEADER_OR_FOLLOWER, leader)));
        assertEquals(
                ElectionState.led(3, 7),
                assertInstanceOf(PersistElection.class, told.getFirst()).election());
        List<QuorumAction> fetches = on(machine, new QuorumEvent.ElectionPersisted(ElectionState.led(3, 7)));
        QuorumAction.Ask fetch = assertInstanceOf(QuorumAction.Ask.class, fetches.getFirst());
        assertEquals(7, fetch.to().id());
        assertInstanceOf(PeerRequest.Fetch.class, fetch.request());
    }

    @Test
    void aVoterAsksOnlyVoters() {
        var history = new VoterHistory(VoterAddresses.ofQuorumVoters(List.of("1@a:1", "2@b:2"), "CONTROLLER"));
        for (long chance = 0; chance < 20; chance++) {
            var machine = new QuorumMachine(
                    SELF,
                    ElectionState.INITIAL,
                    new ModelLog(),
                    0,
                    history,
                    QuorumTimeouts.DEFAULT,
                    true,
                    OwnVoter.NONE);
            List<QuorumAction> actions = machine.on(new QuorumEvent.Started(), new Moment(0, chance));
            assertInstanceOf(QuorumAction.Ask.class, actions.getFirst());
        }
    }

    private void append(QuorumMachine machine, long endOffset) {
        int epoch = machine.state().epoch();
        while (log.end().offset() < endOffset) log.append(new ModelLog.Entry(epoch, 0));
        on(machine, new QuorumEvent.Appended(endOffset));
    }

    private static List<QuorumAction> on(QuorumMachine machine, QuorumEvent event) {
        return machine.on(event, new Moment(0, 0));
    }

    private static VoterSet voters() {
        return new VoterSet(List.of(
                new Voter(SELF, List.of(new Voter.Endpoint("CONTROLLER", "localhost", 9093)), (short) 0, (short) 1)));
    }
}
