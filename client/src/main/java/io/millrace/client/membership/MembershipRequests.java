package io.millrace.client.membership;

import io.millrace.client.assignor.StickyUserData;
import io.millrace.protocol.messages.HeartbeatRequest;
import io.millrace.protocol.messages.JoinGroupRequest;
import io.millrace.protocol.messages.LeaveGroupRequest;
import io.millrace.protocol.messages.SyncGroupRequest;
import io.millrace.records.TopicPartition;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedSet;
import org.jspecify.annotations.Nullable;

/** What a member says to its coordinator, in the protocol's words. */
final class MembershipRequests {
    private final MembershipRules rules;
    private final List<String> assignors;

    /**
     * The requests of one member.
     *
     * @param assignors names, the preferred one first
     */
    MembershipRequests(MembershipRules rules, List<String> assignors) {
        this.rules = rules;
        this.assignors = assignors;
    }

    /**
     * JoinGroup (key 11).
     *
     * @param owned what it keeps meanwhile
     * @param lastGiven what it was given last, though it may have given it up; null for nothing
     * @param reason for whoever reads the coordinator's log (KIP-800)
     */
    JoinGroupRequest join(
            MemberIdentity identity,
            SortedSet<String> topics,
            SortedSet<TopicPartition> owned,
            int ownedGeneration,
            @Nullable StickyUserData lastGiven,
            String reason) {
        List<JoinGroupRequest.JoinGroupRequestProtocol> protocols = new ArrayList<>();
        for (String name : assignors) {
            byte[] userData = ConsumerProtocol.userData(name, lastGiven, ownedGeneration);
            protocols.add(new JoinGroupRequest.JoinGroupRequestProtocol(
                    name, ConsumerProtocol.subscription(topics, userData, owned, ownedGeneration, rules.rackId())));
        }
        return JoinGroupRequest.builder()
                .groupId(rules.groupId())
                .sessionTimeoutMs(rules.sessionTimeoutMs())
                .rebalanceTimeoutMs(rules.maxPollMs())
                .memberId(identity.memberId())
                .groupInstanceId(identity.instanceId())
                .protocolType(ConsumerProtocol.TYPE)
                .protocols(protocols)
                .reason(reason)
                .build();
    }

    /** SyncGroup (key 14); a follower says nothing of who gets what. */
    SyncGroupRequest sync(
            MemberIdentity identity, String protocol, List<SyncGroupRequest.SyncGroupRequestAssignment> assignments) {
        return SyncGroupRequest.builder()
                .groupId(rules.groupId())
                .generationId(identity.generation())
                .memberId(identity.memberId())
                .groupInstanceId(identity.instanceId())
                .protocolType(ConsumerProtocol.TYPE)
                .protocolName(protocol)
                .assignments(assignments)
                .build();
    }

    /** Heartbeat (key 12). */
    HeartbeatRequest heartbeat(MemberIdentity identity) {
        return HeartbeatRequest.builder()
                .groupId(rules.groupId())
                .generationId(identity.generation())
                .memberId(identity.memberId())
                .groupInstanceId(identity.instanceId())
                .build();
    }

    /** LeaveGroup (key 13), in the words of version 3 and up. */
    LeaveGroupRequest leave(MemberIdentity identity, String reason) {
        return LeaveGroupRequest.builder()
                .groupId(rules.groupId())
                .members(List.of(
                        new LeaveGroupRequest.MemberIdentity(identity.memberId(), identity.instanceId(), reason)))
                .build();
    }
}
