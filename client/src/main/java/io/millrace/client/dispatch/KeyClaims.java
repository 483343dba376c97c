package io.millrace.client.dispatch;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Who is about which business key, by what a log of claims says. A claim is a record; the word that its key is done, or that the claim
 * is given back, takes its place. Of the claims of a key that have not expired the one that is first in the log holds it; a key is
 * done if one of them says so.
 *
 * <p>That depends on nothing but the last record of each claim, so it is the same for whoever reads the log from its beginning,
 * whatever compaction has left out by then.
 */
public final class KeyClaims {
    /** How a claim stands. */
    public enum Standing {
        /** Nobody has the key: the claim in question is not known, or has expired, and there is no other. */
        FREE,
        /** The claim in question has it. */
        HELD,
        /** Another one has it. */
        HELD_BY_ANOTHER,
        DONE
    }

    private record Claim(String claimId, long offset, boolean isDone, long expiresAtMs) {}

    private final Map<String, List<Claim>> claims = new HashMap<>();
    private int count;

    /** Nobody is about anything. */
    public KeyClaims() {}

    /**
     * Somebody claims a key.
     *
     * @param offset its place among all claims of this key, above those before
     */
    public void claimed(String key, String claimId, long offset, long expiresAtMs) {
        put(key, new Claim(claimId, offset, false, expiresAtMs));
    }

    /** What that claim was for has been done. */
    public void done(String key, String claimId, long offset, long expiresAtMs) {
        put(key, new Claim(claimId, offset, true, expiresAtMs));
    }

    /** The claim is given back. */
    public void released(String key, String claimId) {
        List<Claim> its = claims.get(key);
        if (its == null || !its.removeIf(each -> each.claimId.equals(claimId))) return;
        count--;
        if (its.isEmpty()) claims.remove(key);
    }

    private void put(String key, Claim claim) {
        released(key, claim.claimId);
        claims.computeIfAbsent(key, fresh -> new ArrayList<>(1)).add(claim); // Its offset is the highest.
        count++;
    }

    /** Whether anything has been said of that claim that is not over. */
    public boolean knows(String key, String claimId) {
        return claims.getOrDefault(key, List.of()).stream().anyMatch(each -> each.claimId.equals(claimId));
    }

    /** How that claim stands; a claim that is not known yet is asked about with an empty id. */
    public Standing standing(String key, String claimId, long nowMs) {
        Claim holder = null;
        for (Claim each : claims.getOrDefault(key, List.of())) {
            if (each.expiresAtMs <= nowMs) continue;
            if (each.isDone) return Standing.DONE;
            if (holder == null) holder = each;
        }
        if (holder == null) return Standing.FREE;
        return holder.claimId.equals(claimId) ? Standing.HELD : Standing.HELD_BY_ANOTHER;
    }

    /** How many claims there are, those that are done included. */
    public int count() {
        return count;
    }

    /** Forgets what has expired. */
    public void purge(long nowMs) {
        claims.values().removeIf(its -> {
            int before = its.size();
            its.removeIf(each -> each.expiresAtMs <= nowMs);
            count -= before - its.size();
            return its.isEmpty();
        });
    }
}
