package io.millrace.client.membership;

import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.Request;
import java.util.SortedSet;

/** What a member wants done, in list order. */
public sealed interface MembershipAction {
    /**
     * Ask the coordinator, be it that it has to be found first. It is told once what came of it, by {@link
     * MembershipEvent.Answered} or {@link MembershipEvent.Unanswered}.
     *
     * @param timeoutMs how long the answer may take once it was asked
     */
    record Ask(long call, Request request, long timeoutMs) implements MembershipAction {}

    /** Whoever was taken for the coordinator is not: look for it before asking again. */
    record FindCoordinator() implements MembershipAction {}

    /** Have the application do this when it polls, and say {@link MembershipEvent.HandedOver}. One at a time. */
    record Tell(Handover handover) implements MembershipAction {}

    /** Find out about these topics, which members of the group read. */
    record LearnTopics(SortedSet<String> topics) implements MembershipAction {}

    /** The application has not polled for so long: it has left the group. */
    record TellTooSlow(long sinceMs) implements MembershipAction {}

    /**
     * It cannot be a member.
     *
     * @param sentence for a person
     * @param isFinal whether trying again is of no use, ever
     */
    record Fail(ErrorCode error, String sentence, boolean isFinal) implements MembershipAction {}

    /** Something went wrong that is tried again. */
    record Note(String sentence) implements MembershipAction {}
}
