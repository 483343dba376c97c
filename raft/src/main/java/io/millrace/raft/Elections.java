package io.millrace.raft;

import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.Uuid;
import io.millrace.protocol.messages.LeaderChangeMessage;
import io.millrace.raft.QuorumAction.AppendLeaderChange;
import io.millrace.raft.QuorumAction.BootstrapVoters;
import io.millrace.raft.QuorumState.Candidate;
import io.millrace.raft.QuorumState.Follower;
import io.millrace.raft.QuorumState.Leader;
import io.millrace.raft.QuorumState.Prospective;
import io.millrace.raft.QuorumState.Resigned;
import io.millrace.raft.QuorumState.Unattached;
import io.millrace.records.OffsetAndEpoch;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeSet;

/** How a replica comes to lead, to vote and to follow (KIP-595, KIP-996). */
final class Elections {
    /** The first wait for an election is this part of the others. */
    private static final int FIRST_ELECTION_PART = 10;

    private final QuorumMachine machine;

    Elections(QuorumMachine machine) {
        this.machine = machine;
    }

    void start(Moment now, List<QuorumAction> actions) {
        ElectionState election = machine.election();
        if (machine.voters().isOnlyVoter(machine.self)) {
            prospect(false, now, actions);
        } else if (election.isLedBy(machine.self.id())) {
            var resigned = new Resigned(election.epoch(), otherVoters(), List.of(), electionAtMs(now));
            machine.become(election, resigned, actions);
        } else if (election.leaderId().isPresent()) {
            follow(election, now, actions);
        } else {
            long electionAtMs = machine.isVoter() ? firstElectionAtMs(now) : electionAtMs(now);
            machine.become(election, new Unattached(election.epoch(), electionAtMs), actions);
        }
    }

    void timePassed(Moment now, List<QuorumAction> actions) {
        ElectionState election = machine.election();
        switch (machine.state()) {
            case Unattached(int epoch, long electionAtMs) -> {
                if (now.nowMs() < electionAtMs) return;
                if (mayStand()) prospect(false, now, actions);
                else machine.become(election, new Unattached(epoch, electionAtMs(now)), actions);
            }
            case Follower(int epoch, FollowerProgress progress) -> {
                if (now.nowMs() < progress.fetchDeadlineMs()) return;
                if (!mayStand() && machine.isVoter()) progress.renew(fetchDeadlineMs(now));
                else withoutLeader(epoch, now, actions);
            }
            case Prospective prospective -> {
                if (now.nowMs() >= prospective.untilMs()) giveUp(prospective, now, actions);
            }
            case Candidate candidate -> {
                if (now.nowMs() >= candidate.untilMs()) prospect(false, now, actions);
            }
            case Resigned resigned -> {
                if (now.nowMs() < resigned.untilMs()) return;
                if (areEpochsUsedUp(actions)) return;
                // The epoch it led is over for it: it must neither lead it again nor vote in it.
                ElectionState next = ElectionState.unknownLeader(election.epoch() + 1);
                machine.become(next, new Unattached(next.epoch(), electionAtMs(now)), actions);
            }
            case Leader ignored -> {}
        }
    }

    /** Whether no epoch is left; that takes two thousand million elections, or one replica that lies. */
    private boolean areEpochsUsedUp(List<QuorumAction> actions) {
        if (machine.election().epoch() < LeaderAndEpoch.LAST_EPOCH) return false;
        actions.add(new QuorumAction.StopForGood("epoch " + LeaderAndEpoch.LAST_EPOCH
                + " of the metadata quorum is the last there can be, and it has no leader any more"));
        return true;
    }

    private boolean mayStand() {
        return machine.mayLead() && !machine.replication().isChangingLog();
    }

    // Standing

    /** Asks the others whether they would vote for this replica; alone it need not ask. */
    private void prospect(boolean mayReturn, Moment now, List<QuorumAction> actions) {
        int epoch = machine.election().epoch();
        VoteCount votes = new VoteCount(machine.voters());
        votes.grant(machine.self);
        machine.become(machine.election(), new Prospective(epoch, votes, electionAtMs(now), mayReturn), actions);
        if (votes.isWon()) stand(now, actions);
    }

    private void stand(Moment now, List<QuorumAction> actions) {
        if (areEpochsUsedUp(actions)) return;
        int epoch = machine.election().epoch() + 1;
        VoteCount votes = new VoteCount(machine.voters());
        votes.grant(machine.self);
        machine.become(
                ElectionState.voted(epoch, machine.self), new Candidate(epoch, votes, electionAtMs(now)), actions);
        if (votes.isWon()) lead(votes, now, actions);
    }

    private void lead(VoteCount votes, Moment now, List<QuorumAction> actions) {
        int epoch = machine.election().epoch();
        var progress = new LeaderProgress(machine.log.end().offset(), now.nowMs());
        progress.count(machine.voters());
        machine.become(
                ElectionState.led(epoch, machine.self.id()),
                new Leader(epoch, progress, new WaitingFetches()),
                actions);
        VoterHistory history = machine.history();
        Optional<BootstrapVoters> bootstrapVoters = history.isOnlyInBootstrap()
                ? Optional.of(new BootstrapVoters(history.kraftVersion(), history.voters()))
                : Optional.empty();
        actions.add(
                new AppendLeaderChange(epoch, leaderChange(history.voters().ids(), votes.granting()), bootstrapVoters));
    }

    private LeaderChangeMessage leaderChange(Collection<Integer> voterIds, Collection<Integer> grantingIds) {
        return LeaderChangeMessage.builder()
                .version((short) 0)
                .leaderId(machine.self.id())
                .voters(asVoters(voterIds))
                .grantingVoters(asVoters(grantingIds))
                .build();
    }

    private static List<LeaderChangeMessage.Voter> asVoters(Collection<Integer> ids) {
        return ids.stream()
                .map(id -> LeaderChangeMessage.Voter.builder().voterId(id).build())
                .toList();
    }

    private void giveUp(Prospective prospective, Moment now, List<QuorumAction> actions) {
        ElectionState election = machine.election();
        if (prospective.mayReturn()) follow(election, now, actions);
        else machine.become(election, new Unattached(election.epoch(), backoffUntilMs(now)), actions);
    }

    void resign(Leader leader, Moment now, List<QuorumAction> actions) {
        List<ReplicaKey> fittest = leader.progress().fittest(machine.voters(), machine.self);
        var resigned = new Resigned(leader.epoch(), otherVoters(), fittest, electionAtMs(now));
        machine.become(machine.election(), resigned, actions);
    }

    // Voting

    void voteAsked(QuorumEvent.Asked asked, PeerRequest.Vote vote, Moment now, List<QuorumAction> actions) {
        if (vote.epoch() < machine.election().epoch()) {
            machine.refuse(asked.call(), ErrorCode.FENCED_LEADER_EPOCH, actions);
            return;
        }
        if (vote.epoch() > machine.election().epoch()) unattach(vote.epoch(), now, actions);
        boolean isGranted = vote.isPreVote() ? wouldVote(vote.logEnd()) : votes(asked.from(), vote.logEnd());
        if (isGranted && !vote.isPreVote() && machine.election().votedFor().isEmpty()) {
            ElectionState voted = ElectionState.voted(vote.epoch(), asked.from());
            machine.become(voted, new Unattached(vote.epoch(), electionAtMs(now)), actions);
        }
        machine.answer(asked.call(), new PeerAnswer.Voted(isGranted, machine.leader()), actions);
        // Whoever asks has lost the leader, too, and may think otherwise by now than when it was asked.
        if (vote.isPreVote() && machine.state() instanceof Prospective prospective)
            prospective.votes().askAgain(asked.from());
    }

    /** One vote an epoch, none once its leader is known, and none for a log that may lack what is committed. */
    private boolean votes(ReplicaKey candidate, OffsetAndEpoch logEnd) {
        ElectionState election = machine.election();
        if (election.leaderId().isPresent()) return false;
        return election.votedFor().map(voted -> voted.matches(candidate)).orElseGet(() -> holdsEnough(logEnd));
    }

    private boolean wouldVote(OffsetAndEpoch logEnd) {
        if (machine.state() instanceof Leader) return false;
        if (machine.state() instanceof Follower follower && follower.progress().hasFetched()) return false;
        return holdsEnough(logEnd);
    }

    private boolean holdsEnough(OffsetAndEpoch candidatesLogEnd) {
        return candidatesLogEnd.compareTo(machine.log.end()) >= 0;
    }

    void voteAnswered(
            ReplicaKey from, PeerRequest.Vote vote, PeerAnswer answer, Moment now, List<QuorumAction> actions) {
        VoteCount votes;
        switch (machine.state()) {
            case Prospective prospective when vote.isPreVote() -> votes = prospective.votes();
            case Candidate candidate when !vote.isPreVote() -> votes = candidate.votes();
            default -> {
                return;
            }
        }
        if (!(answer instanceof PeerAnswer.Voted voted)) {
            machine.leaveAlone(from.id(), now);
            return;
        }
        if (voted.isGranted()) votes.grant(from);
        else votes.refuse(from);
        if (votes.isWon()) {
            if (vote.isPreVote()) stand(now, actions);
            else lead(votes, now, actions);
        } else if (votes.isLost() && machine.state() instanceof Prospective prospective) {
            giveUp(prospective, now, actions);
        }
    }

    // Following

    /** Another replica leads: takes note, if that is news. Returns whether this replica became something else. */
    boolean learn(LeaderAndEpoch news, Moment now, List<QuorumAction> actions) {
        ElectionState election = machine.election();
        if (news.epoch() < election.epoch()) return false;
        boolean isLater = news.epoch() > election.epoch();
        if (news.leaderId().isEmpty()) {
            if (isLater) unattach(news.epoch(), now, actions);
            return isLater;
        }
        int leaderId = news.leaderId().getAsInt();
        if (leaderId == machine.self.id()) {
            // It led that epoch before its disk was lost, and must not act in it a second time.
            if (isLater) {
                ElectionState led = ElectionState.led(news.epoch(), leaderId);
                machine.become(led, new Resigned(news.epoch(), new TreeSet<>(), List.of(), electionAtMs(now)), actions);
            }
            return isLater;
        }
        if (!isLater && election.leaderId().isPresent()) {
            // An observer that lost touch with its leader hears of it anew; a voter waits for its election.
            boolean isFoundAgain = election.leaderId().getAsInt() == leaderId
                    && machine.state() instanceof Unattached
                    && !machine.isVoter();
            if (!isFoundAgain) return false;
        }
        follow(isLater ? ElectionState.led(news.epoch(), leaderId) : election.withLeader(leaderId), now, actions);
        return true;
    }

    private void follow(ElectionState election, Moment now, List<QuorumAction> actions) {
        var progress = new FollowerProgress(election.leaderId().orElseThrow(), fetchDeadlineMs(now));
        machine.become(election, new Follower(election.epoch(), progress), actions);
    }

    /** A later epoch: its leader is not known. What was left of the wait for an election is left still. */
    private void unattach(int epoch, Moment now, List<QuorumAction> actions) {
        long electionAtMs = switch (machine.state()) {
            case Unattached unattached -> unattached.electionAtMs();
            case Prospective prospective -> prospective.untilMs();
            case Candidate candidate -> candidate.untilMs();
            case Follower follower -> follower.progress().fetchDeadlineMs();
            case Leader ignored -> electionAtMs(now);
            case Resigned ignored -> electionAtMs(now);
        };
        machine.become(ElectionState.unknownLeader(epoch), new Unattached(epoch, electionAtMs), actions);
    }

    void epochBegins(
            QuorumEvent.Asked asked, PeerRequest.BeginQuorumEpoch begin, Moment now, List<QuorumAction> actions) {
        if (isRefused(asked, begin, actions)) return;
        boolean hasChanged = learn(claim(asked, begin), now, actions);
        if (!hasChanged && (machine.state() instanceof Prospective || machine.state() instanceof Unattached))
            follow(machine.election(), now, actions);
        machine.answer(asked.call(), new PeerAnswer.Acknowledged(machine.leader()), actions);
    }

    /** The leader has resigned: the fittest stands at once, the others let it go first. */
    void epochEnds(QuorumEvent.Asked asked, PeerRequest.EndQuorumEpoch end, Moment now, List<QuorumAction> actions) {
        if (isRefused(asked, end, actions)) return;
        learn(claim(asked, end), now, actions);
        int place = place(end.preferredCandidates());
        if (mayStand() && place == 0) {
            prospect(false, now, actions);
        } else if (machine.state() instanceof Follower follower) {
            int count = end.preferredCandidates().size();
            long electionAtMs = place < 0
                    ? electionAtMs(now)
                    : now.nowMs() + (long) machine.timeouts.electionBackoffMaxMs() * place / count;
            machine.become(machine.election(), new Unattached(follower.epoch(), electionAtMs), actions);
        }
        machine.answer(asked.call(), new PeerAnswer.Acknowledged(machine.leader()), actions);
    }

    private int place(List<ReplicaKey> candidates) {
        for (int i = 0; i < candidates.size(); i++) if (candidates.get(i).matches(machine.self)) return i;
        return -1;
    }

    private boolean isRefused(QuorumEvent.Asked asked, PeerRequest request, List<QuorumAction> actions) {
        ElectionState election = machine.election();
        if (request.epoch() < election.epoch()) {
            machine.refuse(asked.call(), ErrorCode.FENCED_LEADER_EPOCH, actions);
            return true;
        }
        boolean isLedByAnother = request.epoch() == election.epoch()
                && election.leaderId().isPresent()
                && election.leaderId().getAsInt() != asked.from().id();
        if (isLedByAnother) machine.refuse(asked.call(), ErrorCode.INVALID_REQUEST, actions);
        return isLedByAnother;
    }

    private static LeaderAndEpoch claim(QuorumEvent.Asked asked, PeerRequest request) {
        return new LeaderAndEpoch(OptionalInt.of(asked.from().id()), request.epoch());
    }

    /** The leader that is followed says it does not lead: it has restarted or resigned, and an election is due soon. */
    void leaderIsNone(Follower follower, Moment now, List<QuorumAction> actions) {
        machine.become(machine.election(), new Unattached(follower.epoch(), backoffUntilMs(now)), actions);
    }

    /**
     * The leader's process has ended, by all that is known: nobody waits for the fetch timeout then. It is no more than a pre-vote at first, which
     * whoever still fetches from that leader refuses.
     */
    void leaderIsGone(Follower follower, Moment now, List<QuorumAction> actions) {
        if (mayStand() || !machine.isVoter()) withoutLeader(follower.epoch(), now, actions);
    }

    private void withoutLeader(int epoch, Moment now, List<QuorumAction> actions) {
        if (mayStand()) prospect(machine.isVoter(), now, actions);
        else machine.become(machine.election(), new Unattached(epoch, electionAtMs(now)), actions);
    }

    void beginAnswered(ReplicaKey from, PeerAnswer answer, Moment now) {
        if (machine.state() instanceof Leader leader && answer instanceof PeerAnswer.Acknowledged)
            leader.progress().told(from, machine.voters(), now.nowMs());
        else machine.leaveAlone(from.id(), now);
    }

    void endAnswered(ReplicaKey from, PeerAnswer answer, Moment now) {
        if (machine.state() instanceof Resigned resigned && answer instanceof PeerAnswer.Acknowledged)
            resigned.toTell().remove(from.id());
        else machine.leaveAlone(from.id(), now);
    }

    // Asking

    /** Asks whatever there is to be asked of whom, as the state is. */
    void ask(Moment now, List<QuorumAction> actions) {
        switch (machine.state()) {
            case Prospective prospective -> askForVotes(prospective.votes(), true, now, actions);
            case Candidate candidate -> askForVotes(candidate.votes(), false, now, actions);
            case Leader leader -> {
                for (Voter voter : machine.voters().voters()) {
                    boolean isDue = now.nowMs()
                            >= leader.progress().tellAtMs(voter.key().id(), machine.timeouts);
                    if (!voter.is(machine.self) && isDue)
                        ask(voter.key(), new PeerRequest.BeginQuorumEpoch(leader.epoch()), now, actions);
                }
            }
            case Resigned resigned -> {
                var end = new PeerRequest.EndQuorumEpoch(resigned.epoch(), resigned.preferredCandidates());
                for (int id : resigned.toTell()) ask(key(id), end, now, actions);
            }
            case Follower follower -> askLeader(follower, now, actions);
            case Unattached ignored -> lookForLeader(now, actions);
        }
    }

    private void askLeader(Follower follower, Moment now, List<QuorumAction> actions) {
        FollowerProgress progress = follower.progress();
        ReplicaKey leader = key(progress.leaderId());
        if (machine.contacts.isFree(leader.id(), now.nowMs()) && progress.mayWish(now.nowMs())) {
            Optional<VoterChange> wish =
                    machine.own.wish(follower.epoch(), machine.history(), progress.hasToldOfItself());
            progress.wished(now.nowMs() + machine.timeouts.fetchTimeoutMs());
            if (wish.isPresent()) {
                ask(leader, new PeerRequest.ChangeVoters(follower.epoch(), wish.get()), now, actions);
                return;
            }
        }
        machine.replication().next(follower).ifPresent(next -> ask(leader, next, now, actions));
    }

    /** What comes of it stands in the log, if it does; if not, it is asked for again after a while. */
    void changeAnswered(PeerAnswer answer) {
        if (machine.state() instanceof Follower follower && answer instanceof PeerAnswer.Acknowledged)
            follower.progress().hasBeenHeard();
    }

    private void askForVotes(VoteCount votes, boolean isPreVote, Moment now, List<QuorumAction> actions) {
        int epoch = machine.election().epoch();
        for (ReplicaKey voter : votes.silent())
            ask(voter, new PeerRequest.Vote(epoch, machine.log.end(), isPreVote), now, actions);
    }

    /** Whoever is fetched from says who leads. */
    private void lookForLeader(Moment now, List<QuorumAction> actions) {
        if (machine.isVoter() && machine.election().leaderId().isPresent()) return;
        List<ReplicaKey> others = new ArrayList<>();
        for (Voter voter : machine.voters().voters())
            if (voter.key().id() != machine.self.id()) others.add(voter.key());
        Replication replication = machine.replication();
        Optional<OffsetAndEpoch> end = replication.heldEnd();
        // Voters that the log names may all have moved since: the addresses an observer was given count as one of them.
        boolean mayAskAround = machine.canAskAround && !machine.isVoter();
        int choices = others.size() + (mayAskAround ? 1 : 0);
        if (choices == 0 || end.isEmpty() || !machine.contacts.isIdle()) return;
        int chosen = Math.floorMod(Long.hashCode(now.chance()), choices);
        PeerRequest.Fetch fetch = replication.fetch(machine.election().epoch(), end.get(), 0);
        if (chosen < others.size()) ask(others.get(chosen), fetch, now, actions);
        else machine.contacts.askAround(fetch, now.nowMs()).ifPresent(actions::add);
    }

    private void ask(ReplicaKey to, PeerRequest request, Moment now, List<QuorumAction> actions) {
        machine.contacts.ask(to, request, now.nowMs()).ifPresent(actions::add);
    }

    private ReplicaKey key(int id) {
        return machine.voters().find(id).map(Voter::key).orElseGet(() -> new ReplicaKey(id, Uuid.ZERO));
    }

    private Set<Integer> otherVoters() {
        Set<Integer> others = new TreeSet<>(machine.voters().ids());
        others.remove(machine.self.id());
        return others;
    }

    // Timeouts

    private long electionAtMs(Moment now) {
        int timeoutMs = machine.timeouts.electionTimeoutMs();
        return now.drawnBetween(timeoutMs, 2 * timeoutMs);
    }

    /**
     * Whoever begins and knows of no leader asks around almost at once: a pre-vote disturbs nobody, and whoever follows a leader refuses it and
     * names that leader. The draw lets one of those that begin together come first.
     */
    private long firstElectionAtMs(Moment now) {
        return now.drawnBetween(0, Math.max(1, machine.timeouts.electionTimeoutMs() / FIRST_ELECTION_PART));
    }

    private long backoffUntilMs(Moment now) {
        return now.drawnBetween(0, machine.timeouts.electionBackoffMaxMs());
    }

    private long fetchDeadlineMs(Moment now) {
        return now.nowMs() + machine.timeouts.fetchTimeoutMs();
    }
}
