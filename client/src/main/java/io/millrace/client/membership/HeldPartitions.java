package io.millrace.client.membership;

import io.millrace.client.assignor.StickyUserData;
import io.millrace.records.TopicPartition;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.SortedSet;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Which partitions the application has, which it was given by the group, and what it is asked to do about the difference: one thing at
 * a time, and nothing else until it says that it has done it.
 */
final class HeldPartitions {
    private final SortedSet<TopicPartition> owned = new TreeSet<>();
    private int generation = MemberIdentity.NO_GENERATION;
    /** A generation went by without this member, in which others may have been given what it has: static members are kept (KIP-345). */
    private boolean hasMissedGeneration;
    /** What it was given last, for assignors that look at user data. */
    private @Nullable StickyUserData lastGiven;
    /** Given by the leader and not yet told to the application; null for nothing. */
    private @Nullable SortedSet<TopicPartition> given;

    private @Nullable Handover asked;
    private long handovers;

    /** What the application has now. */
    SortedSet<TopicPartition> owned() {
        return Collections.unmodifiableSortedSet(owned);
    }

    /** In which generation it was given the last of them. */
    int generation() {
        return generation;
    }

    /** What it was given last, though it may have given it up; null for nothing. */
    @Nullable
    StickyUserData lastGiven() {
        return lastGiven;
    }

    /** Whether the application has yet to do what it was asked. */
    boolean isAsked() {
        return asked != null;
    }

    /** The application wants none any more, and has none. */
    void clear() {
        owned.clear();
        asked = null;
    }

    /** It is in no generation any more. */
    void putOut() {
        hasMissedGeneration = false;
        given = null;
    }

    /** The group has gone through a generation that it knows nothing of. */
    void missedGeneration() {
        hasMissedGeneration = true;
    }

    /** What the leader of the generation has given it. */
    void give(SortedSet<TopicPartition> partitions) {
        given = partitions;
    }

    /** What the leader had given it counts no more: there is to be another generation. */
    void takeBackGiven() {
        given = null;
    }

    /** Asks for everything to be given up that it has, as lost. It has something. */
    Handover loseAll() {
        return ask(new Handover.Lose(++handovers, List.copyOf(owned)));
    }

    /** What has to be given up before it joins: everything, or if it is cooperative what it does not subscribe to; null for nothing. */
    @Nullable
    Handover beforeJoining(SortedSet<String> subscribed, boolean isCooperative) {
        List<TopicPartition> going = new ArrayList<>(owned);
        if (isCooperative) going.removeIf(each -> subscribed.contains(each.topic()));
        return going.isEmpty() ? null : ask(new Handover.Revoke(++handovers, going));
    }

    /** The next step from what it has to what it was given: first what others get is given up, then the rest is taken on; null at the end. */
    @Nullable
    Handover settle(int inGeneration) {
        SortedSet<TopicPartition> wanted = given;
        if (wanted == null) return null;
        List<TopicPartition> going = new ArrayList<>(owned);
        going.removeAll(wanted);
        if (!going.isEmpty()) {
            return ask(
                    hasMissedGeneration
                            ? new Handover.Lose(++handovers, going)
                            : new Handover.Revoke(++handovers, going));
        }
        hasMissedGeneration = false;
        List<TopicPartition> coming = new ArrayList<>(wanted);
        coming.removeAll(owned);
        given = null;
        return ask(new Handover.Assign(++handovers, coming, inGeneration));
    }

    private Handover ask(Handover handover) {
        asked = handover;
        return handover;
    }

    /** The application has done what it was asked by that number. */
    void handedOver(long number) {
        Handover done = asked;
        if (done == null || done.number() != number) return;
        asked = null;
        switch (done) {
            case Handover.Revoke(long ofNumber, List<TopicPartition> partitions) -> owned.removeAll(partitions);
            case Handover.Lose(long ofNumber, List<TopicPartition> partitions) -> owned.removeAll(partitions);
            case Handover.Assign(long ofNumber, List<TopicPartition> partitions, int inGeneration) -> {
                owned.addAll(partitions);
                generation = inGeneration;
                lastGiven = new StickyUserData(List.copyOf(owned), inGeneration);
            }
        }
    }
}
