package io.millrace.client.membership;

import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.Request;
import io.millrace.protocol.Response;
import io.millrace.protocol.messages.HeartbeatRequest;
import io.millrace.protocol.messages.HeartbeatResponse;
import io.millrace.protocol.messages.JoinGroupRequest;
import io.millrace.protocol.messages.JoinGroupResponse;
import io.millrace.protocol.messages.LeaveGroupRequest;
import io.millrace.protocol.messages.LeaveGroupResponse;
import io.millrace.protocol.messages.SyncGroupRequest;
import io.millrace.protocol.messages.SyncGroupResponse;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A coordinator of one classic group as plainly as can be: what members are held to. It keeps what a real one has in its log. */
final class ModelCoordinator {
    enum State {
        EMPTY,
        PREPARING,
        COMPLETING,
        STABLE
    }

    /** A member as the coordinator knows it. */
    private static final class Member {
        String id;
        final @Nullable String instanceId;
        JoinGroupRequest said;
        long expiresAtMs;
        boolean hasJoined;
        int joinedIn = -1;
        byte[] assignment = new byte[0];

        @Nullable
        Consumer<Response> join;

        @Nullable
        Consumer<Response> sync;

        Member(String id, JoinGroupRequest said) {
            this.id = id;
            this.instanceId = said.groupInstanceId();
            this.said = said;
        }

        Member copy() {
            Member copy = new Member(id, said);
            copy.joinedIn = joinedIn;
            copy.assignment = assignment;
            return copy;
        }
    }

    private final Map<String, Member> members = new LinkedHashMap<>();
    private final Set<String> givenIds = new HashSet<>();
    private List<Member> kept = new ArrayList<>();
    private int keptGeneration;
    private String keptLeader = "";
    private String keptProtocol = "";
    private State state = State.EMPTY;
    private int generation;
    private String leader = "";
    private String protocol = "";
    private long deadlineMs;
    private int lastId;
    private long nowMs;
    int rebalances;

    State state() {
        return state;
    }

    int generation() {
        return generation;
    }

    int memberCount() {
        return members.size();
    }

    /** Whether it takes this member for one of its present generation. */
    boolean hasInGeneration(String memberId) {
        Member member = members.get(memberId);
        return member != null && member.joinedIn == generation;
    }

    /** What that member was given in the present generation. */
    byte[] assignment(String memberId) {
        Member member = members.get(memberId);
        return member == null || state != State.STABLE ? new byte[0] : member.assignment;
    }

    void handle(Request request, long atMs, Consumer<Response> reply) {
        nowMs = atMs;
        switch (request) {
            case JoinGroupRequest join -> join(join, reply);
            case SyncGroupRequest sync -> sync(sync, reply);
            case HeartbeatRequest beat -> reply.accept(refused(request, heartbeat(beat)));
            case LeaveGroupRequest leave -> leave(leave, reply);
            default -> throw new AssertionError("a member asks " + request.apiKey());
        }
    }

    /** The answer to such a request that says no more than an error, or {@link ErrorCode#NONE}. */
    static Response refused(Request request, ErrorCode error) {
        return switch (request) {
            case JoinGroupRequest join ->
                JoinGroupResponse.builder().errorCode(error.code()).build();
            case SyncGroupRequest sync ->
                SyncGroupResponse.builder().errorCode(error.code()).build();
            case HeartbeatRequest beat ->
                HeartbeatResponse.builder().errorCode(error.code()).build();
            case LeaveGroupRequest leave ->
                LeaveGroupResponse.builder().errorCode(error.code()).build();
            default -> throw new AssertionError("a member asks " + request.apiKey());
        };
    }

    private void join(JoinGroupRequest request, Consumer<Response> reply) {
        String id = request.memberId();
        String instanceId = request.groupInstanceId();
        Member known = instanceId == null ? members.get(id) : byInstance(instanceId);
        if (instanceId != null && known != null && !id.isEmpty() && !known.id.equals(id)) {
            reply.accept(refused(request, ErrorCode.FENCED_INSTANCE_ID));
            return;
        }
        if (id.isEmpty() && instanceId == null) {
            String fresh = "member-" + ++lastId;
            givenIds.add(fresh);
            reply.accept(JoinGroupResponse.builder()
                    .errorCode(ErrorCode.MEMBER_ID_REQUIRED.code())
                    .memberId(fresh)
                    .build());
            return;
        }
        if (id.isEmpty() && known != null) {
            replace(known, request, reply);
            return;
        }
        if (known == null && !id.isEmpty() && !givenIds.remove(id)) {
            reply.accept(refused(request, ErrorCode.UNKNOWN_MEMBER_ID));
            return;
        }
        if (known == null) {
            known = new Member(id.isEmpty() ? instanceId + "-" + ++lastId : id, request);
            members.put(known.id, known);
            joins(known, request, reply);
            return;
        }
        boolean isSame = saysTheSame(known.said, request);
        boolean isLeader = known.id.equals(leader);
        if (isSame && (state == State.COMPLETING || (state == State.STABLE && !isLeader))) {
            known.said = request;
            known.expiresAtMs = nowMs + request.sessionTimeoutMs();
            reply.accept(joined(known, false));
            return;
        }
        joins(known, request, reply);
    }

    /** A static member is back under a new id. */
    private void replace(Member known, JoinGroupRequest request, Consumer<Response> reply) {
        members.remove(known.id);
        boolean wasLeader = known.id.equals(leader);
        answer(known.join, refused(request, ErrorCode.FENCED_INSTANCE_ID));
        answer(
                known.sync,
                SyncGroupResponse.builder()
                        .errorCode(ErrorCode.FENCED_INSTANCE_ID.code())
                        .build());
        known.join = null;
        known.sync = null;
        known.id = known.instanceId + "-" + ++lastId;
        members.put(known.id, known);
        if (wasLeader) leader = known.id;
        if (state == State.STABLE) {
            known.said = request;
            known.expiresAtMs = nowMs + request.sessionTimeoutMs();
            keep();
            reply.accept(joined(known, wasLeader));
            return;
        }
        joins(known, request, reply);
    }

    private static boolean saysTheSame(JoinGroupRequest one, JoinGroupRequest other) {
        if (one.protocols().size() != other.protocols().size()) return false;
        for (int i = 0; i < one.protocols().size(); i++) {
            if (!one.protocols().get(i).name().equals(other.protocols().get(i).name())) return false;
            if (!Arrays.equals(
                    one.protocols().get(i).metadata(), other.protocols().get(i).metadata())) return false;
        }
        return true;
    }

    private @Nullable Member byInstance(String instanceId) {
        for (Member each : members.values()) if (instanceId.equals(each.instanceId)) return each;
        return null;
    }

    private void joins(Member member, JoinGroupRequest request, Consumer<Response> reply) {
        member.said = request;
        member.join = reply;
        prepare();
        member.hasJoined = true;
        completeIfAllJoined(false);
    }

    private void prepare() {
        if (state == State.PREPARING) return;
        if (state == State.COMPLETING) {
            for (Member each : members.values()) {
                answer(
                        each.sync,
                        SyncGroupResponse.builder()
                                .errorCode(ErrorCode.REBALANCE_IN_PROGRESS.code())
                                .build());
                each.sync = null;
            }
        }
        state = State.PREPARING;
        int longestMs = 0;
        for (Member each : members.values()) {
            each.hasJoined = false;
            longestMs = Math.max(longestMs, each.said.rebalanceTimeoutMs());
        }
        deadlineMs = nowMs + longestMs;
    }

    private void completeIfAllJoined(boolean isOver) {
        if (state != State.PREPARING) return;
        if (!isOver && members.values().stream().anyMatch(each -> !each.hasJoined)) return;
        members.values().removeIf(each -> !each.hasJoined && each.instanceId == null);
        List<Member> joined =
                members.values().stream().filter(each -> each.hasJoined).toList();
        if (joined.isEmpty() && !members.isEmpty()) {
            deadlineMs = nowMs + members.values().iterator().next().said.rebalanceTimeoutMs();
            return;
        }
        generation++;
        rebalances++;
        if (joined.isEmpty()) {
            state = State.EMPTY;
            leader = "";
            keep();
            return;
        }
        state = State.COMPLETING;
        Member leading = members.get(leader);
        if (leading == null || !leading.hasJoined) leader = joined.getFirst().id;
        protocol = commonProtocol();
        for (Member each : joined) {
            each.joinedIn = generation;
            each.assignment = new byte[0];
            each.expiresAtMs = nowMs + each.said.sessionTimeoutMs();
        }
        for (Member each : joined) {
            Consumer<Response> reply = each.join;
            each.join = null;
            answer(reply, joined(each, false));
        }
    }

    private String commonProtocol() {
        Member any = members.values().iterator().next();
        for (JoinGroupRequest.JoinGroupRequestProtocol each : any.said.protocols()) {
            boolean isCommon = members.values().stream().allMatch(member -> metadata(member, each.name()) != null);
            if (isCommon) return each.name();
        }
        throw new AssertionError("no protocol in common");
    }

    private static byte @Nullable [] metadata(Member member, String ofProtocol) {
        for (JoinGroupRequest.JoinGroupRequestProtocol each : member.said.protocols())
            if (each.name().equals(ofProtocol)) return each.metadata();
        return null;
    }

    private JoinGroupResponse joined(Member member, boolean isAssignmentKept) {
        List<JoinGroupResponse.JoinGroupResponseMember> all = new ArrayList<>();
        if (member.id.equals(leader)) {
            for (Member each : members.values()) {
                byte[] metadata = metadata(each, protocol);
                all.add(new JoinGroupResponse.JoinGroupResponseMember(
                        each.id, each.instanceId, metadata == null ? new byte[0] : metadata));
            }
        }
        return JoinGroupResponse.builder()
                .generationId(generation)
                .protocolType("consumer")
                .protocolName(protocol)
                .leader(leader)
                .skipAssignment(isAssignmentKept)
                .memberId(member.id)
                .members(all)
                .build();
    }

    private ErrorCode check(String memberId, @Nullable String instanceId, int itsGeneration) {
        Member known = instanceId == null ? members.get(memberId) : byInstance(instanceId);
        if (known == null) return ErrorCode.UNKNOWN_MEMBER_ID;
        if (!known.id.equals(memberId)) return ErrorCode.FENCED_INSTANCE_ID;
        if (known.joinedIn != itsGeneration || itsGeneration != generation) return ErrorCode.ILLEGAL_GENERATION;
        return ErrorCode.NONE;
    }

    private void sync(SyncGroupRequest request, Consumer<Response> reply) {
        ErrorCode error = check(request.memberId(), request.groupInstanceId(), request.generationId());
        if (error == ErrorCode.NONE && state == State.PREPARING) error = ErrorCode.REBALANCE_IN_PROGRESS;
        Member member = members.get(request.memberId());
        if (error != ErrorCode.NONE || member == null) {
            reply.accept(refused(request, error));
            return;
        }
        member.expiresAtMs = nowMs + member.said.sessionTimeoutMs();
        member.sync = reply;
        if (state == State.COMPLETING && member.id.equals(leader)) {
            for (SyncGroupRequest.SyncGroupRequestAssignment each : request.assignments()) {
                Member given = members.get(each.memberId());
                if (given != null) given.assignment = each.assignment();
            }
            state = State.STABLE;
            keep();
        }
        if (state != State.STABLE) return;
        for (Member each : members.values()) {
            Consumer<Response> waiting = each.sync;
            each.sync = null;
            if (waiting != null) {
                each.expiresAtMs = nowMs + each.said.sessionTimeoutMs();
                waiting.accept(SyncGroupResponse.builder()
                        .protocolType("consumer")
                        .protocolName(protocol)
                        .assignment(each.assignment)
                        .build());
            }
        }
    }

    private ErrorCode heartbeat(HeartbeatRequest request) {
        ErrorCode error = check(request.memberId(), request.groupInstanceId(), request.generationId());
        Member member = members.get(request.memberId());
        if (error != ErrorCode.NONE || member == null) return error;
        member.expiresAtMs = nowMs + member.said.sessionTimeoutMs();
        return state == State.PREPARING ? ErrorCode.REBALANCE_IN_PROGRESS : ErrorCode.NONE;
    }

    private void leave(LeaveGroupRequest request, Consumer<Response> reply) {
        for (LeaveGroupRequest.MemberIdentity each : request.members()) remove(members.get(each.memberId()));
        reply.accept(refused(request, ErrorCode.NONE));
    }

    private void remove(@Nullable Member member) {
        if (member == null) return;
        members.remove(member.id);
        if (state == State.STABLE || state == State.COMPLETING) prepare();
        completeIfAllJoined(false);
    }

    void tick(long atMs) {
        nowMs = atMs;
        for (Member each : List.copyOf(members.values())) {
            boolean isWaiting = each.join != null || each.sync != null;
            if (!isWaiting && each.expiresAtMs <= nowMs && members.get(each.id) == each) remove(each);
        }
        if (state == State.PREPARING && deadlineMs <= nowMs) completeIfAllJoined(true);
    }

    private void keep() {
        kept = new ArrayList<>(members.values().stream().map(Member::copy).toList());
        keptGeneration = generation;
        keptLeader = leader;
        keptProtocol = protocol;
    }

    /** Another broker takes over, with what was in the log; who waits is told so. */
    void move(long atMs) {
        nowMs = atMs;
        short code = ErrorCode.NOT_COORDINATOR.code();
        for (Member each : members.values()) {
            answer(each.join, JoinGroupResponse.builder().errorCode(code).build());
            answer(each.sync, SyncGroupResponse.builder().errorCode(code).build());
        }
        members.clear();
        givenIds.clear();
        for (Member each : kept) {
            Member loaded = each.copy();
            loaded.expiresAtMs = nowMs + loaded.said.sessionTimeoutMs();
            members.put(loaded.id, loaded);
        }
        generation = keptGeneration;
        leader = keptLeader;
        protocol = keptProtocol;
        state = members.isEmpty() ? State.EMPTY : State.STABLE;
    }

    private static void answer(@Nullable Consumer<Response> waiting, Response response) {
        if (waiting != null) waiting.accept(response);
    }
}
