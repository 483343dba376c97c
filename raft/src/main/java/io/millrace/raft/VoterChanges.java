package io.millrace.raft;

import io.millrace.protocol.ErrorCode;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * How the leader changes who votes (KIP-853): one change at a time, none before it has committed in its epoch, and none before the
 * last is committed, so that the majorities of any two sets that may count at a time have a voter in common.
 */
final class VoterChanges {
    private static final short FIRST_DYNAMIC = 1;

    private final QuorumMachine machine;
    private @Nullable Pending pending;
    /** What voters have said of themselves in this epoch, while the log does not say who votes. */
    private final Map<Integer, Voter> told = new TreeMap<>();

    /** Where a change stands. */
    private enum Stage {
        ASKING_VERSIONS,
        APPENDING,
        COMMITTING
    }

    /**
     * The change that is under way.
     *
     * @param untilMs when whoever asked is told that it takes too long
     * @param endOffset behind its records; known from {@link Stage#COMMITTING} on
     */
    private record Pending(long call, VoterChange change, Stage stage, long untilMs, long endOffset) {
        Pending at(Stage next, long offset) {
            return new Pending(call, change, next, untilMs, offset);
        }
    }

    VoterChanges(QuorumMachine machine) {
        this.machine = machine;
    }

    /** When {@link #timePassed} is due. */
    long wakeAtMs() {
        Pending now = pending;
        return now == null ? Long.MAX_VALUE : now.untilMs();
    }

    void asked(QuorumEvent.ChangeAsked asked, Moment now, List<QuorumAction> actions) {
        if (!(machine.state() instanceof QuorumState.Leader leader)) {
            answer(asked.call(), ErrorCode.NOT_LEADER_OR_FOLLOWER, "this controller does not lead the quorum", actions);
            return;
        }
        if (asked.change() instanceof VoterChange.Update update && update.epoch() != leader.epoch()) {
            boolean isPast = update.epoch() < leader.epoch();
            answer(
                    asked.call(),
                    isPast ? ErrorCode.FENCED_LEADER_EPOCH : ErrorCode.UNKNOWN_LEADER_EPOCH,
                    "epoch " + leader.epoch() + " is led here, not " + update.epoch(),
                    actions);
            return;
        }
        String notNow = whyNotNow();
        if (notNow != null) {
            answer(asked.call(), ErrorCode.REQUEST_TIMED_OUT, notNow, actions);
            return;
        }
        pending = new Pending(
                asked.call(), asked.change(), Stage.ASKING_VERSIONS, now.nowMs() + asked.patienceMs(), Long.MAX_VALUE);
        switch (asked.change()) {
            case VoterChange.Add add -> add(add, actions);
            case VoterChange.Remove(ReplicaKey key) -> remove(leader, key, now, actions);
            case VoterChange.Update(int epoch, Voter voter) -> update(voter, actions);
            case VoterChange.Upgrade upgrade -> upgrade(upgrade, actions);
        }
    }

    private @Nullable String whyNotNow() {
        if (pending != null) return "another change of the voters is under way";
        if (!machine.hasCommittedInItsEpoch())
            return "the leader has not committed anything in its epoch yet, nor fenced changes of those before it";
        if (machine.history().lastChangeOffset() >= machine.highWatermark())
            return "the last change of the voters is not committed yet";
        return null;
    }

    private void add(VoterChange.Add add, List<QuorumAction> actions) {
        Voter voter = add.voter();
        if (machine.history().kraftVersion() < FIRST_DYNAMIC) {
            finish(ErrorCode.UNSUPPORTED_VERSION, isStatic("added"), actions);
        } else if (!voter.key().hasDirectory() || voter.endpoints().isEmpty()) {
            finish(ErrorCode.INVALID_REQUEST, "a voter has a directory id and an address", actions);
        } else if (machine.voters().find(voter.key().id()).isPresent()) {
            finish(
                    ErrorCode.DUPLICATE_VOTER,
                    "the voter id for " + voter.key() + " is already part of the set of voters " + keys(),
                    actions);
        } else {
            actions.add(new QuorumAction.AskVersions(pending().call(), voter));
        }
    }

    /** The replica that is to be taken in has said what it supports, or nothing. */
    void versionsTold(QuorumEvent.VersionsTold told, Moment now, List<QuorumAction> actions) {
        Pending current = pending;
        if (current == null || current.call() != told.call() || current.stage() != Stage.ASKING_VERSIONS) return;
        if (!(current.change() instanceof VoterChange.Add add)) return;
        if (!(machine.state() instanceof QuorumState.Leader leader)) return;
        Voter voter = add.voter();
        short kraftVersion = machine.history().kraftVersion();
        Optional<QuorumEvent.KraftVersions> versions = told.versions();
        if (versions.isEmpty()) {
            finish(
                    ErrorCode.REQUEST_TIMED_OUT,
                    "voter " + voter.key() + " was not reached at " + voter.endpoints(),
                    actions);
        } else if (!versions.get().include(kraftVersion)) {
            finish(
                    ErrorCode.INVALID_REQUEST,
                    "voter " + voter.key() + " supports " + versions.get() + ", and kraft.version is " + kraftVersion,
                    actions);
        } else if (!leader.progress().isCaughtUp(voter.key(), now.nowMs() - machine.timeouts.checkQuorumTimeoutMs())) {
            // It could take no part in commits, and perhaps nothing could be committed without it.
            finish(
                    ErrorCode.REQUEST_TIMED_OUT,
                    voter.key() + " does not follow the metadata log, or is lagging behind",
                    actions);
        } else {
            List<Voter> all = new ArrayList<>(machine.voters().voters());
            all.add(new Voter(
                    voter.key(),
                    voter.endpoints(),
                    versions.get().min(),
                    versions.get().max()));
            append(Optional.empty(), new VoterSet(all), actions);
        }
    }

    private void remove(QuorumState.Leader leader, ReplicaKey key, Moment now, List<QuorumAction> actions) {
        VoterSet voters = machine.voters();
        Optional<Voter> found =
                voters.find(key.id()).filter(voter -> voter.key().equals(key));
        if (machine.history().kraftVersion() < FIRST_DYNAMIC) {
            finish(ErrorCode.UNSUPPORTED_VERSION, isStatic("removed"), actions);
        } else if (found.isEmpty()) {
            finish(
                    ErrorCode.VOTER_NOT_FOUND,
                    "cannot remove voter " + key + " from the set of voters " + keys(),
                    actions);
        } else if (voters.voters().size() == 1) {
            finish(ErrorCode.INVALID_REQUEST, key + " is the only voter; add another one before", actions);
        } else if (leader.progress().majorityHeardAtMs(voters.without(key.id()), machine.self, now.nowMs())
                <= now.nowMs() - machine.timeouts.checkQuorumTimeoutMs()) {
            finish(
                    ErrorCode.REQUEST_TIMED_OUT,
                    "no majority of the voters that would be left was heard of lately; remove those first that are gone",
                    actions);
        } else {
            append(Optional.empty(), voters.without(key.id()), actions);
        }
    }

    private void update(Voter voter, List<QuorumAction> actions) {
        VoterHistory history = machine.history();
        Optional<Voter> known = machine.voters().find(voter.key().id()).filter(before -> before.is(voter.key()));
        boolean isStatic = history.kraftVersion() < FIRST_DYNAMIC;
        boolean isSupported =
                voter.minKraftVersion() <= history.kraftVersion() && voter.maxKraftVersion() >= history.kraftVersion();
        if (known.isEmpty()) {
            finish(ErrorCode.VOTER_NOT_FOUND, voter.key() + " is none of the voters " + keys(), actions);
        } else if (voter.endpoints().isEmpty() || !isSupported) {
            finish(
                    ErrorCode.INVALID_REQUEST,
                    "a voter has an address, and supports kraft.version " + history.kraftVersion(),
                    actions);
        } else if (isStatic) {
            told.put(voter.key().id(), voter);
            finish(ErrorCode.NONE, "", actions);
        } else if (known.get().equals(voter)) {
            finish(ErrorCode.NONE, "", actions);
        } else {
            List<Voter> all =
                    new ArrayList<>(machine.voters().without(voter.key().id()).voters());
            all.add(voter);
            append(Optional.empty(), new VoterSet(all), actions);
        }
    }

    private void upgrade(VoterChange.Upgrade upgrade, List<QuorumAction> actions) {
        short current = machine.history().kraftVersion();
        short wanted = upgrade.kraftVersion();
        if (wanted == current) {
            finish(ErrorCode.NONE, "", actions);
            return;
        }
        if (wanted < current || wanted > FIRST_DYNAMIC) {
            finish(
                    ErrorCode.INVALID_UPDATE_VERSION,
                    "kraft.version is " + current + " and cannot be set to " + wanted,
                    actions);
            return;
        }
        List<Voter> all = new ArrayList<>();
        List<Integer> silent = new ArrayList<>();
        for (int id : machine.voters().ids()) {
            Voter said = id == machine.self.id() ? machine.own.voter().orElse(null) : told.get(id);
            if (said == null || !said.key().hasDirectory() || said.maxKraftVersion() < wanted) silent.add(id);
            else all.add(said);
        }
        if (!silent.isEmpty()) {
            finish(
                    ErrorCode.INVALID_UPDATE_VERSION,
                    "kraft.version cannot be set to " + wanted + " yet: voters " + silent
                            + " have not told the leader of this epoch that they support it",
                    actions);
        } else if (upgrade.validateOnly()) {
            finish(ErrorCode.NONE, "", actions);
        } else {
            append(Optional.of(wanted), new VoterSet(all), actions);
        }
    }

    private void append(Optional<Short> kraftVersion, VoterSet voters, List<QuorumAction> actions) {
        pending = pending().at(Stage.APPENDING, Long.MAX_VALUE);
        actions.add(new QuorumAction.AppendVoters(machine.election().epoch(), kraftVersion, voters));
    }

    /** The leader's log has grown: perhaps by the change. */
    void appended(List<QuorumAction> actions) {
        Pending current = pending;
        if (current == null || current.stage() != Stage.APPENDING) return;
        if (machine.history().lastChangeOffset() < machine.highWatermark()) return;
        boolean waits = switch (current.change()) {
            case VoterChange.Add add -> add.waitsForCommit();
            case VoterChange.Remove ignored -> true;
            case VoterChange.Update ignored -> false;
            case VoterChange.Upgrade ignored -> true;
        };
        if (waits) pending = current.at(Stage.COMMITTING, machine.log.end().offset());
        else finish(ErrorCode.NONE, "", actions);
    }

    /** The log cannot take the change. */
    void notAppended(List<QuorumAction> actions) {
        Pending current = pending;
        if (current != null && current.stage() == Stage.APPENDING)
            finish(ErrorCode.KAFKA_STORAGE_ERROR, "there is no space for the change in the metadata log", actions);
    }

    /** More is committed. */
    void committed(List<QuorumAction> actions) {
        Pending current = pending;
        if (current != null && machine.highWatermark() >= current.endOffset()) finish(ErrorCode.NONE, "", actions);
    }

    void timePassed(Moment now, List<QuorumAction> actions) {
        Pending current = pending;
        if (current == null || now.nowMs() < current.untilMs()) return;
        String sentence = current.stage() == Stage.COMMITTING
                ? "the change is in the leader's log and not committed yet; it may still be"
                : "it took too long";
        finish(ErrorCode.REQUEST_TIMED_OUT, sentence, actions);
    }

    /** This replica leads no more. */
    void ended(List<QuorumAction> actions) {
        told.clear();
        if (pending != null)
            finish(ErrorCode.NOT_LEADER_OR_FOLLOWER, "this controller leads the quorum no more", actions);
    }

    private Pending pending() {
        Pending current = pending;
        if (current == null) throw new IllegalStateException("no change is under way");
        return current;
    }

    private void finish(ErrorCode error, String sentence, List<QuorumAction> actions) {
        long call = pending().call();
        pending = null;
        answer(call, error, sentence, actions);
    }

    static void answer(long call, ErrorCode error, String sentence, List<QuorumAction> actions) {
        actions.add(new QuorumAction.AnswerChange(call, error, sentence));
    }

    private List<String> keys() {
        return machine.voters().voters().stream()
                .map(voter -> voter.key().toString())
                .toList();
    }

    private static String isStatic(String done) {
        return "voters can be " + done + " from kraft.version 1 on, and it is 0";
    }
}
