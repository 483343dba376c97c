package io.millrace.client.membership;

import io.millrace.client.assignor.TopicLayouts;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.Response;
import java.util.Set;
import java.util.SortedSet;

/** What a member learns. */
public sealed interface MembershipEvent {
    /**
     * The application wants records of these topics; it has polled just now.
     *
     * @param topics all of them; a pattern's are those that match at the moment. May be empty.
     */
    record Subscribed(SortedSet<String> topics) implements MembershipEvent {}

    /** The application wants no records any more, and has let go of all partitions, or is about to end. */
    record Unsubscribed() implements MembershipEvent {}

    /**
     * More is known of topics, or something else.
     *
     * @param layouts of topics that exist
     * @param known topics of which it is known whether they exist
     */
    record TopicsLearned(TopicLayouts layouts, Set<String> known) implements MembershipEvent {}

    /** The application has done what {@link MembershipAction.Tell} said. */
    record HandedOver(long number) implements MembershipEvent {}

    /** The coordinator answered. */
    record Answered(long call, Response response) implements MembershipEvent {}

    /**
     * The coordinator did not answer.
     *
     * @param sentence why, for a person
     * @param isUnsupported whether it has no version of that request that can say this
     */
    record Unanswered(long call, String sentence, boolean isUnsupported) implements MembershipEvent {}

    /**
     * Nobody will say who the coordinator is.
     *
     * @param sentence why, for a person
     */
    record CoordinatorRefused(ErrorCode error, String sentence) implements MembershipEvent {}

    /** The coordinator refused a commit of this member, as if it were none. */
    record CommitRefused() implements MembershipEvent {}

    /**
     * Time has passed.
     *
     * @param polledAtMs when the application polled last; now, if it is waiting in a poll
     */
    record Ticked(long polledAtMs) implements MembershipEvent {}

    /** The application has been told of a failure, or that it was too slow, and polls once more. */
    record Resumed() implements MembershipEvent {}
}
