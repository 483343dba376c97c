package io.millrace.client.membership;

import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.MalformedMessage;
import io.millrace.protocol.messages.SyncGroupResponse;
import io.millrace.records.TopicPartition;
import java.util.SortedSet;

/** What a coordinator says to a SyncGroup. */
sealed interface SyncAnswer {
    /** What the leader has given this member. */
    record Given(SortedSet<TopicPartition> partitions) implements SyncAnswer {}

    /** Somebody came or went meanwhile: the group begins anew. */
    record Overtaken() implements SyncAnswer {}

    record Refused(ErrorCode error) implements SyncAnswer {}

    /** It was given something, and cannot know what. */
    record NotUnderstood(String sentence) implements SyncAnswer {}

    /** Reads an answer. */
    static SyncAnswer of(SyncGroupResponse said, MembershipRules rules) {
        ErrorCode error = ErrorCode.forCode(said.errorCode());
        if (error == ErrorCode.REBALANCE_IN_PROGRESS) return new Overtaken();
        if (error != ErrorCode.NONE) return new Refused(error);
        try {
            return new Given(ConsumerProtocol.assigned(said.assignment()));
        } catch (MalformedMessage e) {
            return new NotUnderstood("the leader of group " + rules.groupId() + " gave no assignment that can be read: "
                    + e.getMessage());
        }
    }
}
