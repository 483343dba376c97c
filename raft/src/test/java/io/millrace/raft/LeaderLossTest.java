package io.millrace.raft;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.records.OffsetAndEpoch;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;

/** How soon a voter of three asks for votes: at a start, and when nobody listens any more where its leader was. */
class LeaderLossTest {
    private static final QuorumTimeouts TIMEOUTS = QuorumTimeouts.DEFAULT;
    private static final VoterSet VOTERS =
            VoterAddresses.ofQuorumVoters(List.of("1@a:1", "2@b:2", "3@c:3"), "CONTROLLER");
    private static final LeaderAndEpoch LEADER = new LeaderAndEpoch(OptionalInt.of(3), 4);

    private final ModelLog log = new ModelLog();

    @Test
    void whoBeginsAndKnowsOfNoLeaderAsksForPreVotesWithinATenthOfTheElectionTimeout() {
        for (long chance = 0; chance < 50; chance++) {
            QuorumMachine machine = machine(ElectionState.INITIAL);
            machine.on(new QuorumEvent.Started(), new Moment(0, chance * 7_919));
            long atMs = machine.wakeAtMs();
            assertTrue(atMs < TIMEOUTS.electionTimeoutMs() / 10, atMs + " ms");
            machine.on(new QuorumEvent.TimePassed(), new Moment(atMs, 0));
            assertInstanceOf(QuorumState.Prospective.class, machine.state());
        }
    }

    @Test
    void aFollowerWhoseLeaderIsGoneAsksForPreVotesAtOnce() {
        QuorumMachine machine = machine(ElectionState.led(4, 3));
        QuorumAction.Ask fetch = fetch(on(machine, new QuorumEvent.Started()));
        List<QuorumAction> actions = on(machine, new QuorumEvent.Answered(fetch.number(), new PeerAnswer.Gone()));

        assertInstanceOf(QuorumState.Prospective.class, machine.state());
        assertEquals(List.of(2), preVotesAskedOf(actions), "and its leader when that has been left alone a while");
    }

    @Test
    void thatLeaderIsFollowedAgainIfTheOthersStillReachIt() {
        QuorumMachine machine = machine(ElectionState.led(4, 3));
        QuorumAction.Ask fetch = fetch(on(machine, new QuorumEvent.Started()));
        List<QuorumAction> asked =
                new ArrayList<>(on(machine, new QuorumEvent.Answered(fetch.number(), new PeerAnswer.Gone())));
        asked.addAll(machine.on(new QuorumEvent.TimePassed(), new Moment(TIMEOUTS.retryBackoffMs(), 0)));
        for (QuorumAction action : asked)
            if (action instanceof QuorumAction.Ask ask)
                on(machine, new QuorumEvent.Answered(ask.number(), new PeerAnswer.Voted(false, LEADER)));

        assertInstanceOf(QuorumState.Follower.class, machine.state());
        assertEquals(4, machine.state().epoch());
    }

    @Test
    void oneThatRefusedIsAskedAgainOnceItAsksItself() {
        QuorumMachine machine = machine(ElectionState.led(4, 3));
        QuorumAction.Ask fetch = fetch(on(machine, new QuorumEvent.Started()));
        QuorumAction.Ask second = on(machine, new QuorumEvent.Answered(fetch.number(), new PeerAnswer.Gone())).stream()
                .filter(QuorumAction.Ask.class::isInstance)
                .map(QuorumAction.Ask.class::cast)
                .filter(ask -> ask.to().id() == 2)
                .findFirst()
                .orElseThrow();
        assertEquals(
                List.of(), on(machine, new QuorumEvent.Answered(second.number(), new PeerAnswer.Voted(false, LEADER))));

        var preVote = new PeerRequest.Vote(4, new OffsetAndEpoch(0, 0), true);
        List<QuorumAction> actions = on(machine, new QuorumEvent.Asked(9, second.to(), Optional.empty(), preVote));

        assertEquals(List.of(2), preVotesAskedOf(actions));
    }

    @Test
    void whoStillFetchesFromTheLeaderGrantsNoPreVote() {
        QuorumMachine machine = machine(ElectionState.led(4, 3));
        QuorumAction.Ask fetch = fetch(on(machine, new QuorumEvent.Started()));
        on(
                machine,
                new QuorumEvent.Answered(fetch.number(), new PeerAnswer.Fetched(ByteBuffer.allocate(0), 0, LEADER)));

        var preVote = new PeerRequest.Vote(4, new OffsetAndEpoch(0, 0), true);
        ReplicaKey second = VOTERS.find(2).orElseThrow().key();
        assertEquals(
                new QuorumAction.Answer(9, new PeerAnswer.Voted(false, LEADER)),
                on(machine, new QuorumEvent.Asked(9, second, Optional.empty(), preVote))
                        .getFirst());
    }

    /** Takes every vote, and notes every election, until nothing more is asked. */
    private static void letItLead(QuorumMachine machine) {
        machine.on(new QuorumEvent.Started(), new Moment(0, 0));
        List<QuorumAction> open =
                new ArrayList<>(machine.on(new QuorumEvent.TimePassed(), new Moment(machine.wakeAtMs(), 0)));
        while (!open.isEmpty())
            switch (open.removeFirst()) {
                case QuorumAction.Ask ask
                when ask.request() instanceof PeerRequest.Vote vote ->
                    open.addAll(on(
                            machine,
                            new QuorumEvent.Answered(
                                    ask.number(),
                                    new PeerAnswer.Voted(
                                            true, new LeaderAndEpoch(OptionalInt.empty(), vote.epoch())))));
                case QuorumAction.PersistElection persist ->
                    open.addAll(on(machine, new QuorumEvent.ElectionPersisted(persist.election())));
                default -> {}
            }
    }

    @Test
    void aLeaderWhoseDiskTakesNothingMoreLeavesItToAnother() {
        QuorumMachine machine = machine(ElectionState.INITIAL);
        letItLead(machine);
        int epoch = machine.state().epoch();
        assertTrue(machine.isLeader(epoch));

        List<QuorumAction> actions = on(machine, new QuorumEvent.NothingFits());

        assertInstanceOf(QuorumState.Resigned.class, machine.state());
        assertEquals(
                2,
                actions.stream()
                        .filter(action -> action instanceof QuorumAction.Ask ask
                                && ask.request() instanceof PeerRequest.EndQuorumEpoch)
                        .count(),
                actions::toString);
        assertEquals(List.of(), on(machine, new QuorumEvent.NothingFits()));
    }

    private static QuorumAction.Ask fetch(List<QuorumAction> actions) {
        QuorumAction.Ask ask = assertInstanceOf(QuorumAction.Ask.class, actions.getFirst());
        assertEquals(3, ask.to().id());
        assertInstanceOf(PeerRequest.Fetch.class, ask.request());
        return ask;
    }

    private static List<Integer> preVotesAskedOf(List<QuorumAction> actions) {
        List<Integer> asked = new ArrayList<>();
        for (QuorumAction action : actions)
            if (action instanceof QuorumAction.Ask ask
                    && ask.request() instanceof PeerRequest.Vote vote
                    && vote.isPreVote()) asked.add(ask.to().id());
        return asked;
    }

    private static List<QuorumAction> on(QuorumMachine machine, QuorumEvent event) {
        return machine.on(event, new Moment(0, 0));
    }

    private QuorumMachine machine(ElectionState persisted) {
        ReplicaKey self = VOTERS.find(1).orElseThrow().key();
        return new QuorumMachine(self, persisted, log, 0, new VoterHistory(VOTERS), TIMEOUTS);
    }
}
