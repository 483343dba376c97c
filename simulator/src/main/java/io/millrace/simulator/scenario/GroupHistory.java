package io.millrace.simulator.scenario;

import io.millrace.protocol.ErrorCode;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What the members of one group did, and the promises that it must keep: in a generation a partition has one reader (G1), reading
 * begins where the group has committed (G2), a commit of an older generation is refused (G3), and all that there is is read.
 * Partitions of one topic go by their numbers.
 */
final class GroupHistory {
    private static final long NOT_YET = Long.MAX_VALUE;

    /** What a member wanted committed for one partition; between two moments it may have taken effect. */
    private static final class Commit {
        final String member;
        final String owner;
        final int generation;
        final int partition;
        final long offset;
        final long askedAt;
        long endedAt = NOT_YET;
        boolean isAcknowledged;

        Commit(String member, String owner, int generation, int partition, long offset, long askedAt) {
            this.member = member;
            this.owner = owner;
            this.generation = generation;
            this.partition = partition;
            this.offset = offset;
            this.askedAt = askedAt;
        }

        /** Whether this one cannot be what is committed at that moment, because the other one came after it. */
        boolean isOvertakenBy(Commit other, long atLatest) {
            if (!other.isAcknowledged || other.endedAt > atLatest) return false;
            return endedAt < other.askedAt || (member.equals(other.member) && askedAt < other.askedAt);
        }
    }

    /** A member as it is at the moment. */
    interface Member {
        /** The generation it is in, as far as it knows. */
        int generation();

        /** The partitions that its application has. */
        Set<Integer> held();

        /** Whether it does nothing any more. */
        boolean isClosed();
    }

    private record Claim(String member, long at) {}

    private record Found(long offset, long at) {}

    private final String group;
    private final boolean membersMayBeLate;
    private final Map<Integer, List<Commit>> commits = new TreeMap<>();
    private final Map<Integer, NavigableMap<Integer, Claim>> claims = new TreeMap<>();
    private final Map<Integer, Found> found = new HashMap<>();
    private final Map<Integer, BitSet> read = new HashMap<>();
    private final List<Member> members = new ArrayList<>();
    private long moments;
    private long readCount;
    private int assignments;

    /**
     * Nothing has happened.
     *
     * @param membersMayBeLate whether a member is kept in a generation that it did not join, and may have what another one is given
     *     in it until it learns of that: static ones with a cooperative assignor
     */
    GroupHistory(String group, boolean membersMayBeLate) {
        this.group = group;
        this.membersMayBeLate = membersMayBeLate;
    }

    /** A moment later than all before. */
    long now() {
        return ++moments;
    }

    /** Somebody may become a member. */
    void watch(Member member) {
        members.add(member);
    }

    /** A member has taken on what it has in a generation. */
    void claimed(Member itself, String member, int generation) {
        assignments++;
        members.removeIf(Member::isClosed);
        for (Member other : members) {
            if (membersMayBeLate || other.equals(itself) || other.generation() != generation) continue;
            for (int partition : other.held())
                if (itself.held().contains(partition))
                    throw broken(member + " gets partition " + partition + " in generation " + generation
                            + ", to which a member came that has it still");
        }
        for (int partition : itself.held()) {
            Claim other = claims(partition).putIfAbsent(generation, new Claim(member, now()));
            if (other != null && !other.member().equals(member))
                throw broken("in generation " + generation + " partition " + partition + " is " + other.member()
                        + "'s and " + member + "'s");
        }
    }

    private NavigableMap<Integer, Claim> claims(int partition) {
        return claims.computeIfAbsent(partition, _ -> new TreeMap<>());
    }

    /** A member of that generation is given a record. */
    void read(String member, int generation, int partition, long offset) {
        Claim owner = claims(partition).get(generation);
        if (!membersMayBeLate && owner != null && !owner.member().equals(member))
            throw broken(member + " reads partition " + partition + " in generation " + generation + ", which is "
                    + owner.member() + "'s");
        BitSet seen = read.computeIfAbsent(partition, _ -> new BitSet());
        if (!seen.get(Math.toIntExact(offset))) readCount++;
        seen.set(Math.toIntExact(offset));
    }

    /** Whether all offsets of a partition below that one have been read by some member. */
    boolean isReadBelow(int partition, long endOffset) {
        BitSet seen = read.getOrDefault(partition, new BitSet());
        return seen.nextClearBit(0) >= endOffset;
    }

    /** How many different records were read. */
    long readCount() {
        return readCount;
    }

    /** How often a member took partitions on. */
    int assignments() {
        return assignments;
    }

    /**
     * A member asks for a commit; what comes back is for {@link #ended}.
     *
     * @param owner its name in claims, which a static member keeps when it comes back
     */
    List<Object> committing(String member, String owner, int generation, Map<Integer, Long> offsets) {
        List<Object> all = new ArrayList<>();
        long at = now();
        offsets.forEach((partition, offset) -> {
            if (!isReadBelow(partition, offset))
                throw broken(member + " commits " + offset + " of partition " + partition + ", which is not read");
            Commit commit = new Commit(member, owner, generation, partition, offset, at);
            commits.computeIfAbsent(partition, _ -> new ArrayList<>()).add(commit);
            all.add(commit);
        });
        return all;
    }

    /** It is known what came of a commit, as far as it can be. */
    void ended(List<Object> asked, ErrorCode error) {
        for (Object each : asked) {
            Commit commit = (Commit) each;
            if (error == ErrorCode.REQUEST_TIMED_OUT || error == ErrorCode.NETWORK_EXCEPTION) continue;
            commit.endedAt = now();
            commit.isAcknowledged = error == ErrorCode.NONE;
            if (commit.isAcknowledged) checkIsNotFenced(commit);
        }
    }

    private void checkIsNotFenced(Commit commit) {
        Claim own = claims(commit.partition).get(commit.generation);
        boolean isOthers =
                own != null && own.at() < commit.askedAt && !own.member().equals(commit.owner);
        if (own != null && isOthers && !membersMayBeLate)
            throw broken(commit.member + " commits partition " + commit.partition + " in generation "
                    + commit.generation + ", in which it is " + own.member() + "'s");
        for (Map.Entry<Integer, Claim> later :
                claims(commit.partition).tailMap(commit.generation, false).entrySet()) {
            if (later.getValue().at() < commit.askedAt)
                throw broken("a commit of partition " + commit.partition + " by " + commit.member + " in generation "
                        + commit.generation + " is accepted, though it is "
                        + later.getValue().member()
                        + "'s in generation " + later.getKey());
        }
    }

    /**
     * A member is told where to begin.
     *
     * @param askedAt when it had not yet asked for what is committed
     */
    void begins(String member, int partition, long askedAt, long offset) {
        if (!mayBeCommitted(partition, askedAt, offset))
            throw broken(member + " begins partition " + partition + " at " + offset + ", the last commits being "
                    + lastOf(partition, askedAt));
        // Whoever asked for it may never have been told.
        if (offset > 0) found.put(partition, new Found(offset, now()));
    }

    /**
     * The coordinator says what is committed.
     *
     * @param askedAt when it had not yet been asked
     */
    void committedAre(long askedAt, Map<Integer, Long> offsets) {
        offsets.forEach((partition, offset) -> {
            if (!mayBeCommitted(partition, askedAt, offset))
                throw broken(offset + " is committed of partition " + partition + ", the last commits being "
                        + lastOf(partition, askedAt));
        });
    }

    /** Whether that can be what is committed at that moment or later; 0 is before all commits. */
    private boolean mayBeCommitted(int partition, long atMoment, long offset) {
        List<Commit> all = commits.getOrDefault(partition, List.of());
        if (offset == 0 && isCurrent(null, all, atMoment)) return true;
        for (Commit each : all) if (each.offset == offset && isCurrent(each, all, atMoment)) return true;
        return false;
    }

    private static boolean isCurrent(@Nullable Commit candidate, List<Commit> all, long askedAt) {
        for (Commit other : all) {
            boolean isOvertaken = candidate == null
                    ? other.isAcknowledged && other.endedAt <= askedAt
                    : candidate.isOvertakenBy(other, askedAt);
            if (isOvertaken) return false;
        }
        return true;
    }

    /**
     * Whether an offset was acknowledged, or found to be committed, and no later commit can have taken its place. An answer that is
     * late says nothing of the order in which two were carried out.
     */
    boolean isLastCommitted(int partition, long offset) {
        List<Commit> all = commits.getOrDefault(partition, List.of());
        for (Commit each : all)
            if (each.isAcknowledged && each.offset == offset && isCurrent(each, all, NOT_YET)) return true;
        Found seen = found.getOrDefault(partition, new Found(0, 0));
        return seen.offset() == offset
                && all.stream().noneMatch(each -> each.isAcknowledged && each.askedAt > seen.at());
    }

    private String lastOf(int partition, long askedAt) {
        List<Commit> all = commits.getOrDefault(partition, List.of());
        StringBuilder text = new StringBuilder();
        for (Commit each : all.subList(Math.max(0, all.size() - 8), all.size())) {
            text.append(each.offset)
                    .append(" by ")
                    .append(each.member)
                    .append(" of ")
                    .append(each.generation);
            text.append(each.isAcknowledged ? (each.endedAt <= askedAt ? " acknowledged; " : " later; ") : " open; ");
        }
        return text.toString();
    }

    AssertionError broken(String how) {
        return new AssertionError("group " + group + ": " + how);
    }
}
