package io.millrace.client.membership;

import io.millrace.client.assignor.Assignor;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.MalformedMessage;
import io.millrace.protocol.messages.JoinGroupResponse;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What a coordinator says to a JoinGroup. */
sealed interface JoinAnswer {
    /** It is in the generation, and leads it if there is a leader. */
    record Joined(
            MemberIdentity identity,
            String assignor,
            @Nullable GroupLeader leader) implements JoinAnswer {}

    /** It is to join again under that name (KIP-394). */
    record Named(MemberIdentity identity) implements JoinAnswer {}

    record Refused(ErrorCode error) implements JoinAnswer {}

    /** It is in the generation, and cannot take part. */
    record NotUnderstood(MemberIdentity identity, String sentence) implements JoinAnswer {}

    /**
     * Reads an answer.
     *
     * @param assignors by name, those this member knows
     */
    static JoinAnswer of(JoinGroupResponse said, MembershipRules rules, Map<String, Assignor> assignors) {
        ErrorCode error = ErrorCode.forCode(said.errorCode());
        if (error == ErrorCode.MEMBER_ID_REQUIRED)
            return new Named(new MemberIdentity(said.memberId(), MemberIdentity.NO_GENERATION, rules.instanceId()));
        if (error != ErrorCode.NONE) return new Refused(error);
        MemberIdentity identity = new MemberIdentity(said.memberId(), said.generationId(), rules.instanceId());
        String name = said.protocolName();
        Assignor assignor = name == null ? null : assignors.get(name);
        String type = said.protocolType();
        if (assignor == null || (type != null && !type.equals(ConsumerProtocol.TYPE)))
            return new NotUnderstood(
                    identity,
                    "group " + rules.groupId() + " has agreed on " + type + " protocol " + name
                            + "; this member knows consumer protocols " + assignors.keySet());
        if (!said.memberId().equals(said.leader())) return new Joined(identity, assignor.name(), null);
        try {
            return new Joined(identity, assignor.name(), new GroupLeader(said, assignor));
        } catch (MalformedMessage e) {
            return new NotUnderstood(identity, "group " + rules.groupId() + " cannot be led: " + e.getMessage());
        }
    }
}
