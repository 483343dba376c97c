package io.millrace.client.dispatch;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;

/**
 * Who is about which business key, by what a log of claims says. A claim is a record; the word that its key is done, or that the claim
 * is given back, takes its place. Of the claims of a key that have not expired the one that is first in the log holds it; a key is
 * done if one of them says so.
 *
 * <p>That depends on nothing but the last record of each claim, so it is the same for whoever reads the log from its beginning,
 * whatever compaction has left out by then.
 *
 * <p>One thread at a time tells it things. Over a map that may be read while it is changed, {@link #standing} may be asked by any
 * thread meanwhile: what it sees of a key is what was said of it before some record, never half of one.
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

    /** What the last record of a claim says, and that record's offset; it expires at a moment in milliseconds since 1970. */
    public record Claim(String claimId, long offset, boolean isDone, long expiresAtMs) {}

    /** The claims of each key in the order of the log, at least one. Lists are replaced, never changed. */
    private final Map<String, List<Claim>> claims;

    private int count;

    /** Nobody is about anything. */
    public KeyClaims() {
        this(new HashMap<>());
    }

    /**
     * Nobody is about anything.
     *
     * @param empty where the claims of each key are to be kept, for nobody else
     */
    public KeyClaims(Map<String, List<Claim>> empty) {
        if (!empty.isEmpty()) throw new IllegalArgumentException("there are claims of " + empty.size() + " keys");
        this.claims = empty;
    }

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
        List<Claim> before = claims.getOrDefault(key, List.of());
        List<Claim> after = without(before, claimId);
        if (after.size() == before.size()) return;
        count -= before.size() - after.size();
        if (after.isEmpty()) claims.remove(key);
        else claims.put(key, after);
    }

    private void put(String key, Claim claim) {
        List<Claim> before = claims.getOrDefault(key, List.of());
        List<Claim> after = without(before, claim.claimId);
        after.add(claim); // Its offset is the highest.
        count += after.size() - before.size();
        claims.put(key, after);
    }

    private static List<Claim> without(List<Claim> its, String claimId) {
        List<Claim> others = new ArrayList<>(its.size() + 1);
        for (Claim each : its) if (!each.claimId.equals(claimId)) others.add(each);
        return others;
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
        Iterator<Map.Entry<String, List<Claim>>> all = claims.entrySet().iterator();
        while (all.hasNext()) {
            Map.Entry<String, List<Claim>> its = all.next();
            List<Claim> before = its.getValue();
            if (before.stream().noneMatch(each -> each.expiresAtMs <= nowMs)) continue;
            List<Claim> after = new ArrayList<>(before);
            after.removeIf(each -> each.expiresAtMs <= nowMs);
            count -= before.size() - after.size();
            if (after.isEmpty()) all.remove();
            else its.setValue(after);
        }
    }
}
