package io.millrace.client.membership;

import io.millrace.client.assignor.GroupMember;
import org.jspecify.annotations.Nullable;

/**
 * Who a member is to its coordinator: what it says with each commit, so that members that were put out are told apart.
 *
 * @param memberId given by the coordinator; empty before that
 * @param generation of the group, from 0; {@link #NO_GENERATION} while it is in none
 * @param instanceId the name of a static member (KIP-345), null for others
 */
public record MemberIdentity(
        String memberId, int generation, @Nullable String instanceId) {
    /** In no generation of the group. */
    public static final int NO_GENERATION = GroupMember.NO_GENERATION;

    /** Nobody has heard of it yet. */
    public static MemberIdentity stranger(@Nullable String instanceId) {
        return new MemberIdentity("", NO_GENERATION, instanceId);
    }

    /** Whether it belongs to a generation, as far as it knows. */
    public boolean isMember() {
        return generation != NO_GENERATION;
    }

    /** The same, put out of its generation; its id still counts. */
    MemberIdentity withoutGeneration() {
        return new MemberIdentity(memberId, NO_GENERATION, instanceId);
    }
}
