package io.millrace.raft;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.Uuid;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** One leader that is asked for other voters: events in, actions out. */
class VoterChangesTest {
    private static final int EPOCH = 1;
    private static final Voter ONE = QuorumModel.voter(1);
    private static final Voter TWO = QuorumModel.voter(2);
    private static final Voter THREE = QuorumModel.voter(3);
    private static final QuorumEvent.KraftVersions BOTH = new QuorumEvent.KraftVersions((short) 0, (short) 1);

    private final ModelLog log = new ModelLog();
    private VoterHistory history = new VoterHistory(VoterSet.NONE);
    private long nowMs = 1_000;
    private long call;

    /** A machine that was elected and has its leader change in the log, which is not forced. */
    private QuorumMachine elected(int kraftVersion, Voter... voters) {
        if (kraftVersion == 0) {
            List<Voter> bare = new ArrayList<>();
            for (Voter voter : voters)
                bare.add(new Voter(
                        new ReplicaKey(voter.key().id(), Uuid.ZERO), voter.endpoints(), (short) 0, (short) 0));
            history = new VoterHistory(new VoterSet(bare));
        } else {
            // As read from a snapshot that is no bootstrap: it is in the log already.
            history.addKraftVersion(VoterHistory.BOOTSTRAP_OFFSET, (short) kraftVersion);
            history.addVoters(VoterHistory.BOOTSTRAP_OFFSET, new VoterSet(List.of(voters)));
        }
        var machine = new QuorumMachine(
                ONE.key(),
                ElectionState.INITIAL,
                log,
                0,
                history,
                QuorumTimeouts.DEFAULT,
                false,
                new OwnVoter(Optional.of(ONE), false));
        on(machine, new QuorumEvent.Started());
        nowMs += 5_000;
        List<QuorumAction> actions = on(machine, new QuorumEvent.TimePassed());
        if (voters.length > 1) {
            List<QuorumAction> standing = votedFor(machine, actions);
            votedFor(machine, on(machine, new QuorumEvent.ElectionPersisted(election(standing))));
        }
        on(machine, new QuorumEvent.ElectionPersisted(ElectionState.led(EPOCH, 1)));
        assertTrue(machine.isLeader(EPOCH), () -> machine.state() + " " + machine.election());
        append(machine, new ModelLog.Entry(EPOCH, -1));
        if (kraftVersion > 0) voters(machine, new VoterSet(List.of(voters)));
        return machine;
    }

    private static ElectionState election(List<QuorumAction> actions) {
        return actions.stream()
                .filter(QuorumAction.PersistElection.class::isInstance)
                .map(action -> ((QuorumAction.PersistElection) action).election())
                .findFirst()
                .orElseThrow();
    }

    private List<QuorumAction> votedFor(QuorumMachine machine, List<QuorumAction> actions) {
        List<QuorumAction> all = new ArrayList<>();
        for (QuorumAction action : actions)
            if (action instanceof QuorumAction.Ask ask)
                all.addAll(on(
                        machine, new QuorumEvent.Answered(ask.number(), new PeerAnswer.Voted(true, machine.leader()))));
        return all;
    }

    private List<QuorumAction> on(QuorumMachine machine, QuorumEvent event) {
        return machine.on(event, new Moment(nowMs, 0));
    }

    private List<QuorumAction> append(QuorumMachine machine, ModelLog.Entry entry) {
        log.append(entry);
        entry.voters().ifPresent(said -> history.addVoters(log.end().offset() - 1, said));
        return on(machine, new QuorumEvent.Appended(log.end().offset()));
    }

    private List<QuorumAction> voters(QuorumMachine machine, VoterSet voters) {
        return append(machine, ModelLog.Entry.ofVoters(EPOCH, voters));
    }

    private List<QuorumAction> force(QuorumMachine machine) {
        return on(machine, new QuorumEvent.LogForced(log.end().offset()));
    }

    private List<QuorumAction> fetch(QuorumMachine machine, Voter from) {
        var fetch = new PeerRequest.Fetch(EPOCH, log.end(), Long.MAX_VALUE, 0);
        return on(machine, new QuorumEvent.Asked(++call, from.key(), Optional.empty(), fetch));
    }

    private List<QuorumAction> change(QuorumMachine machine, VoterChange change) {
        return on(machine, new QuorumEvent.ChangeAsked(++call, change, 5_000));
    }

    private static ErrorCode answered(List<QuorumAction> actions) {
        List<ErrorCode> errors = actions.stream()
                .filter(QuorumAction.AnswerChange.class::isInstance)
                .map(action -> ((QuorumAction.AnswerChange) action).error())
                .toList();
        assertEquals(1, errors.size(), actions::toString);
        return errors.getFirst();
    }

    private static boolean isAnswered(List<QuorumAction> actions) {
        return actions.stream().anyMatch(QuorumAction.AnswerChange.class::isInstance);
    }

    private QuorumMachine leading(Voter... voters) {
        QuorumMachine machine = elected(1, voters);
        force(machine);
        for (Voter voter : voters) if (!voter.equals(ONE)) fetch(machine, voter);
        assertEquals(log.end().offset(), machine.highWatermark());
        return machine;
    }

    @Test
    void anObserverThatHasCaughtUpVotesFromItsRecordOnAndIsCountedForIt() {
        QuorumMachine machine = leading(ONE);
        fetch(machine, TWO);
        List<QuorumAction> asking = change(machine, new VoterChange.Add(TWO, true));
        assertInstanceOf(QuorumAction.AskVersions.class, asking.getFirst());

        List<QuorumAction> appending = on(machine, new QuorumEvent.VersionsTold(call, Optional.of(BOTH)));
        VoterSet both = new VoterSet(List.of(ONE, TWO));
        assertEquals(List.of(new QuorumAction.AppendVoters(EPOCH, Optional.empty(), both)), appending);
        assertFalse(isAnswered(voters(machine, both)));
        long before = machine.highWatermark();
        assertFalse(isAnswered(force(machine)));
        assertEquals(before, machine.highWatermark(), "without the new voter nothing is committed any more");
        assertEquals(ErrorCode.NONE, answered(fetch(machine, TWO)));
        assertEquals(log.end().offset(), machine.highWatermark());
    }

    @Test
    void whoDoesNotFollowOrIsNotReachedOrKnowsTooLittleIsNotTakenIn() {
        QuorumMachine machine = leading(ONE);
        change(machine, new VoterChange.Add(TWO, true));
        assertEquals(
                ErrorCode.REQUEST_TIMED_OUT,
                answered(on(machine, new QuorumEvent.VersionsTold(call, Optional.of(BOTH)))),
                "it never fetched");
        fetch(machine, TWO);
        change(machine, new VoterChange.Add(TWO, true));
        assertEquals(
                ErrorCode.REQUEST_TIMED_OUT,
                answered(on(machine, new QuorumEvent.VersionsTold(call, Optional.empty()))));
        change(machine, new VoterChange.Add(TWO, true));
        var old = new QuorumEvent.KraftVersions((short) 0, (short) 0);
        assertEquals(
                ErrorCode.INVALID_REQUEST, answered(on(machine, new QuorumEvent.VersionsTold(call, Optional.of(old)))));
        nowMs += 60_000;
        change(machine, new VoterChange.Add(TWO, true));
        assertEquals(
                ErrorCode.REQUEST_TIMED_OUT,
                answered(on(machine, new QuorumEvent.VersionsTold(call, Optional.of(BOTH)))),
                "it has not fetched for a minute");
        assertEquals(ErrorCode.DUPLICATE_VOTER, answered(change(machine, new VoterChange.Add(ONE, true))));
        fetch(machine, TWO);
        change(machine, new VoterChange.Add(TWO, true));
        nowMs += 5_000;
        assertEquals(ErrorCode.REQUEST_TIMED_OUT, answered(on(machine, new QuorumEvent.TimePassed())));
        assertEquals(List.of(), on(machine, new QuorumEvent.VersionsTold(call, Optional.of(BOTH))), "it is too late");
    }

    @Test
    void changesWaitForTheLeadersFirstCommitAndForEachOther() {
        QuorumMachine early = elected(1, ONE);
        fetch(early, TWO);
        assertEquals(ErrorCode.REQUEST_TIMED_OUT, answered(change(early, new VoterChange.Add(TWO, true))));
        force(early);
        change(early, new VoterChange.Add(TWO, true));
        long first = call;
        assertEquals(ErrorCode.REQUEST_TIMED_OUT, answered(change(early, new VoterChange.Remove(ONE.key()))));
        on(early, new QuorumEvent.VersionsTold(first, Optional.of(BOTH)));
        voters(early, new VoterSet(List.of(ONE, TWO)));
        force(early);
        nowMs += 5_000;
        fetch(early, THREE);
        List<QuorumAction> late = on(early, new QuorumEvent.TimePassed());
        assertEquals(ErrorCode.REQUEST_TIMED_OUT, answered(late));
    }

    @Test
    void aLeaderThatIsRemovedGoesOnUntilThatIsCommittedAndCountsOnlyTheOthers() {
        QuorumMachine machine = leading(ONE, TWO, THREE);
        List<QuorumAction> actions = change(machine, new VoterChange.Remove(ONE.key()));
        VoterSet others = new VoterSet(List.of(TWO, THREE));
        assertEquals(List.of(new QuorumAction.AppendVoters(EPOCH, Optional.empty(), others)), actions);
        voters(machine, others);
        force(machine);
        assertFalse(isAnswered(fetch(machine, TWO)), "one of two is no majority, whatever the leader holds");
        assertTrue(machine.isLeader(EPOCH));

        List<QuorumAction> committed = fetch(machine, THREE);
        assertEquals(ErrorCode.NONE, answered(committed));
        assertFalse(machine.isLeader(EPOCH));
        assertTrue(
                committed.stream()
                        .anyMatch(action -> action instanceof QuorumAction.Ask ask
                                && ask.request() instanceof PeerRequest.EndQuorumEpoch),
                committed::toString);
        assertTrue(committed.contains(new QuorumAction.AnnounceResigned(EPOCH)), committed::toString);
    }

    @Test
    void onlyAVoterOfThatDirectoryIsRemovedAndNeverTheLast() {
        QuorumMachine machine = leading(ONE);
        assertEquals(ErrorCode.INVALID_REQUEST, answered(change(machine, new VoterChange.Remove(ONE.key()))));
        assertEquals(ErrorCode.VOTER_NOT_FOUND, answered(change(machine, new VoterChange.Remove(TWO.key()))));
        assertEquals(
                ErrorCode.VOTER_NOT_FOUND,
                answered(change(machine, new VoterChange.Remove(new ReplicaKey(1, new Uuid(9, 9))))));
    }

    @Test
    void nobodyIsRemovedWithoutWhomNothingCouldBeCommitted() {
        QuorumMachine machine = leading(ONE, TWO, THREE);
        nowMs += 10_000;
        fetch(machine, TWO);
        assertEquals(ErrorCode.REQUEST_TIMED_OUT, answered(change(machine, new VoterChange.Remove(TWO.key()))));
        assertFalse(isAnswered(change(machine, new VoterChange.Remove(THREE.key()))), "the one that is gone");
    }

    @Test
    void aVoterThatMovedIsAnsweredOnceThatIsInTheLog() {
        QuorumMachine machine = leading(ONE, TWO);
        var moved =
                new Voter(TWO.key(), List.of(new Voter.Endpoint("CONTROLLER", "elsewhere", 9)), (short) 0, (short) 1);
        List<QuorumAction> actions = change(machine, new VoterChange.Update(EPOCH, moved));
        VoterSet both = new VoterSet(List.of(ONE, moved));
        assertEquals(List.of(new QuorumAction.AppendVoters(EPOCH, Optional.empty(), both)), actions);
        log.append(new ModelLog.Entry(EPOCH, 5));
        history.addVoters(log.end().offset() - 1, both);
        assertEquals(
                ErrorCode.NONE,
                answered(on(machine, new QuorumEvent.Appended(log.end().offset()))));
        assertEquals(
                ErrorCode.FENCED_LEADER_EPOCH, answered(change(machine, new VoterChange.Update(EPOCH - 1, moved))));
    }

    @Test
    void kraftVersionIsRaisedOnceAllVotersHaveSaidWhoTheyAre() {
        QuorumMachine machine = elected(0, ONE, TWO);
        force(machine);
        fetch(machine, TWO);
        assertEquals(ErrorCode.UNSUPPORTED_VERSION, answered(change(machine, new VoterChange.Add(THREE, true))));
        var upgrade = new VoterChange.Upgrade((short) 1, false);
        assertEquals(ErrorCode.INVALID_UPDATE_VERSION, answered(change(machine, upgrade)));
        assertEquals(ErrorCode.NONE, answered(change(machine, new VoterChange.Update(EPOCH, TWO))));
        assertEquals(ErrorCode.NONE, answered(change(machine, new VoterChange.Upgrade((short) 1, true))));
        assertEquals(
                List.of(new QuorumAction.AppendVoters(EPOCH, Optional.of((short) 1), new VoterSet(List.of(ONE, TWO)))),
                change(machine, upgrade));
        history.addKraftVersion(log.end().offset(), (short) 1);
        voters(machine, new VoterSet(List.of(ONE, TWO)));
        force(machine);
        assertEquals(ErrorCode.NONE, answered(fetch(machine, TWO)));
        assertEquals(
                ErrorCode.INVALID_UPDATE_VERSION, answered(change(machine, new VoterChange.Upgrade((short) 0, false))));
    }

    @Test
    void aReplicaWithAnotherDiskIsNotTakenForWhoHadItsId() {
        LeaderProgress progress = new LeaderProgress(0, 0);
        VoterSet before = new VoterSet(List.of(ONE, TWO));
        progress.count(before);
        progress.held(1, 10);
        progress.fetched(TWO.key(), before, 10, 10, 1);
        assertEquals(10, progress.committedOffset(before));

        var wiped = new Voter(new ReplicaKey(2, new Uuid(9, 9)), TWO.endpoints(), (short) 0, (short) 1);
        progress.count(new VoterSet(List.of(ONE)));
        VoterSet after = new VoterSet(List.of(ONE, wiped));
        progress.count(after);
        assertEquals(0, progress.committedOffset(after), "the new one holds nothing yet");
        assertTrue(progress.observers().containsKey(TWO.key()));
        assertEquals(0, progress.voter(2).heldOffset());
    }

    @Test
    void aFollowerThatMayJoinAsksItsLeaderAndFirstHasWhoItWasRemoved() {
        var own = new OwnVoter(Optional.of(TWO), true);
        history.addKraftVersion(0, (short) 1);
        history.addVoters(0, new VoterSet(List.of(ONE)));
        assertEquals(Optional.of(new VoterChange.Add(TWO, false)), own.wish(EPOCH, history, false));
        assertEquals(Optional.empty(), new OwnVoter(Optional.of(TWO), false).wish(EPOCH, history, false));
        var before = new Voter(new ReplicaKey(2, new Uuid(9, 9)), TWO.endpoints(), (short) 0, (short) 1);
        history.addVoters(1, new VoterSet(List.of(ONE, before)));
        assertEquals(Optional.of(new VoterChange.Remove(before.key())), own.wish(EPOCH, history, false));
        history.addVoters(2, new VoterSet(List.of(ONE, TWO)));
        assertEquals(Optional.empty(), own.wish(EPOCH, history, false));
    }
}
