package io.millrace.client.dispatch;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.millrace.client.dispatch.KeyClaims.Standing;
import io.millrace.testkit.Property;
import io.millrace.testkit.SeededRandom;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class KeyClaimsTest {
    private static final String KEY = "order 7";

    /** A record of the log: 'P', 'D', or 'R' for a claim that is given back. */
    private record Said(String claimId, char what, long offset, long expiresAtMs) {
        void tell(KeyClaims claims) {
            switch (what) {
                case 'P' -> claims.claimed(KEY, claimId, offset, expiresAtMs);
                case 'D' -> claims.done(KEY, claimId, offset, expiresAtMs);
                default -> claims.released(KEY, claimId);
            }
        }
    }

    /** Clients that claim by the rules, each seeing the log up to its own claim, and act on what they see. */
    private static final class Story {
        final SeededRandom random;
        final List<Said> log = new ArrayList<>();
        final Map<String, Long> holders = new HashMap<>();
        long nowMs = 1_000;
        int ids;

        Story(SeededRandom random) {
            this.random = random;
        }

        void say(String claimId, char what, long expiresAtMs) {
            log.add(new Said(claimId, what, log.size(), expiresAtMs));
        }

        /** What somebody sees who has read that much of the log, of which compaction has left out what it may. */
        KeyClaims seen(int until) {
            Set<String> later = new HashSet<>();
            Set<String> gone = new HashSet<>(); // A tombstone goes when nothing of its key is left.
            List<Said> kept = new ArrayList<>();
            int cleanUntil = random.nextInt(until + 1);
            for (int i = until - 1; i >= 0; i--) {
                Said each = log.get(i);
                boolean isLast = later.add(each.claimId);
                if (isLast && i < cleanUntil && each.what == 'R' && random.chance(0.5)) gone.add(each.claimId);
                boolean isOverwritten = !isLast && i < cleanUntil && random.chance(0.7);
                if (!isOverwritten && !gone.contains(each.claimId)) kept.add(0, each);
            }
            KeyClaims claims = new KeyClaims();
            for (Said each : kept) each.tell(claims);
            if (random.chance(0.3)) claims.purge(nowMs);
            return claims;
        }

        void claim() {
            String id = "c" + ids++;
            say(id, 'P', nowMs + 100);
            int until = log.size();
            for (int i = random.nextInt(3); i > 0; i--) say("c" + ids++, 'P', nowMs + 100);
            Standing standing = seen(until).standing(KEY, id, nowMs);
            if (standing == Standing.HELD) {
                holders.values().removeIf(expiresAtMs -> expiresAtMs <= nowMs);
                assertEquals(Map.of(), holders, () -> id + " holds it, too: " + log);
                holders.put(id, nowMs + 100);
            } else if (random.chance(0.7)) {
                say(id, 'R', 0);
            }
        }

        void end() {
            if (holders.isEmpty()) return;
            String id = random.pick(List.copyOf(holders.keySet()));
            long expiresAtMs = Objects.requireNonNull(holders.get(id));
            if (random.chance(0.3) || expiresAtMs <= nowMs) return; // It crashes, and its claim stays.
            holders.remove(id);
            say(id, 'R', 0);
        }
    }

    @Test
    void noTwoHoldAKeyAtOnceWhateverCompactionHasLeftOut() {
        Property.check(400, random -> {
            Story story = new Story(random);
            for (int step = 0; step < 60; step++) {
                story.nowMs += random.chance(0.7) ? random.nextInt(20) : random.nextInt(120);
                if (random.chance(0.6)) story.claim();
                else story.end();
            }
        });
    }

    @Test
    void whatReadersSeeDoesNotDependOnCompaction() {
        Property.check(400, random -> {
            Story story = new Story(random);
            for (int i = 0; i < 40; i++) {
                String id = "c" + random.nextInt(8);
                story.say(id, random.pick(List.of('P', 'P', 'D', 'R')), 1_000L + random.nextInt(200));
            }
            story.nowMs = 1_000L + random.nextInt(200);
            KeyClaims whole = new KeyClaims();
            for (Said each : story.log) each.tell(whole);
            KeyClaims compacted = story.seen(story.log.size());
            for (int i = 0; i < 8; i++)
                assertEquals(whole.standing(KEY, "c" + i, story.nowMs), compacted.standing(KEY, "c" + i, story.nowMs));
            assertEquals(whole.standing(KEY, "", story.nowMs), compacted.standing(KEY, "", story.nowMs));
        });
    }

    @Test
    void aKeyIsHeldByTheFirstThatHasNotExpiredAndDoneOnceAnyoneSaysSo() {
        KeyClaims claims = new KeyClaims();
        assertEquals(Standing.FREE, claims.standing(KEY, "", 0));
        claims.claimed(KEY, "a", 0, 100);
        claims.claimed(KEY, "b", 1, 200);
        assertEquals(Standing.HELD, claims.standing(KEY, "a", 99));
        assertEquals(Standing.HELD_BY_ANOTHER, claims.standing(KEY, "b", 99));
        assertEquals(Standing.HELD, claims.standing(KEY, "b", 100));
        claims.done(KEY, "a", 2, 300);
        assertEquals(Standing.DONE, claims.standing(KEY, "b", 150));
        assertEquals(Standing.FREE, claims.standing(KEY, "b", 300));
        assertEquals(2, claims.count());
        claims.purge(300);
        assertEquals(0, claims.count());
        claims.released(KEY, "nobody");
        assertEquals(0, claims.count());
    }

    @Test
    void aClaimIsNeverFreeForAMomentWhileItBecomesDone() {
        List<Standing> asked = new ArrayList<>();
        List<KeyClaims> claims = new ArrayList<>();
        // Asks whenever the map changes, as another thread might.
        Map<String, List<KeyClaims.Claim>> map = new HashMap<>() {
            @Override
            public @Nullable List<KeyClaims.Claim> put(String key, List<KeyClaims.Claim> its) {
                List<KeyClaims.Claim> before = super.put(key, its);
                asked.add(claims.getFirst().standing(KEY, "a", 0));
                return before;
            }

            @Override
            public @Nullable List<KeyClaims.Claim> remove(@Nullable Object key) {
                List<KeyClaims.Claim> before = super.remove(key);
                asked.add(claims.getFirst().standing(KEY, "a", 0));
                return before;
            }
        };
        claims.add(new KeyClaims(map));
        claims.getFirst().claimed(KEY, "a", 0, 100);
        List<KeyClaims.Claim> held = List.copyOf(Objects.requireNonNull(map.get(KEY)));
        List<KeyClaims.Claim> list = Objects.requireNonNull(map.get(KEY));
        claims.getFirst().claimed(KEY, "b", 1, 100);
        claims.getFirst().done(KEY, "a", 2, 100);
        claims.getFirst().released(KEY, "b");
        assertEquals(List.of(Standing.HELD, Standing.HELD, Standing.DONE, Standing.DONE), asked);
        assertEquals(held, list, "a list that somebody may be reading has changed");
        assertEquals(1, claims.getFirst().count());
    }
}
