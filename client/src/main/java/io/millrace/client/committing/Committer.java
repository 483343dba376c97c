package io.millrace.client.committing;

import org.jspecify.annotations.Nullable;

/**
 * Who commits, in the coordinator's words: it refuses those that the group has put out by what they say here.
 *
 * @param memberId given by the coordinator; empty for somebody who is no member, and may commit while the group has none
 * @param generationOrEpoch of a classic group its generation, else the member's epoch (KIP-848); {@link #NO_GENERATION} for none
 * @param instanceId the name of a static member (KIP-345), null for others
 */
public record Committer(
        String memberId, int generationOrEpoch, @Nullable String instanceId) {
    /** What is said in place of a generation by who is in none. */
    public static final int NO_GENERATION = -1;

    /** No member of the group. */
    public static final Committer NOBODY = new Committer("", NO_GENERATION, null);
}
