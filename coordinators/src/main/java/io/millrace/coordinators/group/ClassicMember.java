package io.millrace.coordinators.group;

import io.millrace.coordinators.shard.Reply;
import io.millrace.protocol.messages.JoinGroupRequest;
import io.millrace.protocol.messages.JoinGroupResponse;
import io.millrace.protocol.messages.SyncGroupResponse;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** One member of a classic group. */
final class ClassicMember {
    static final byte[] NO_ASSIGNMENT = {};

    final String memberId;
    final @Nullable String groupInstanceId;
    final String clientId;
    final String clientHost;
    final String protocolType;
    int rebalanceTimeoutMs;
    int sessionTimeoutMs;
    /** What it can do, the favourite first. */
    List<JoinGroupRequest.JoinGroupRequestProtocol> protocols;

    byte[] assignment = NO_ASSIGNMENT;
    /** Whether it was in no generation yet. */
    boolean isNew;

    @Nullable
    Reply<JoinGroupResponse> awaitingJoin;

    @Nullable
    Reply<SyncGroupResponse> awaitingSync;

    final Deadline session;

    ClassicMember(
            String memberId,
            @Nullable String groupInstanceId,
            String clientId,
            String clientHost,
            String protocolType,
            int rebalanceTimeoutMs,
            int sessionTimeoutMs,
            List<JoinGroupRequest.JoinGroupRequestProtocol> protocols,
            Deadline session) {
        this.memberId = memberId;
        this.groupInstanceId = groupInstanceId;
        this.clientId = clientId;
        this.clientHost = clientHost;
        this.protocolType = protocolType;
        this.rebalanceTimeoutMs = rebalanceTimeoutMs;
        this.sessionTimeoutMs = sessionTimeoutMs;
        this.protocols = protocols;
        this.session = session;
    }

    boolean isAwaitingJoin() {
        return awaitingJoin != null;
    }

    boolean isStatic() {
        return groupInstanceId != null;
    }

    /** What it said with a protocol; empty for one it does not know. */
    byte[] metadataFor(@Nullable String protocolName) {
        for (var protocol : protocols) {
            if (protocol.name().equals(protocolName)) return protocol.metadata();
        }
        return NO_ASSIGNMENT;
    }

    /** Whether these are its protocols, in the same order and with the same metadata. */
    boolean hasProtocols(List<JoinGroupRequest.JoinGroupRequestProtocol> others) {
        if (protocols.size() != others.size()) return false;
        for (int i = 0; i < protocols.size(); i++) {
            if (!protocols.get(i).name().equals(others.get(i).name())) return false;
            if (!Arrays.equals(protocols.get(i).metadata(), others.get(i).metadata())) return false;
        }
        return true;
    }
}
