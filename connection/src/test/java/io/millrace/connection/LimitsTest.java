package io.millrace.connection;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.testkit.Property;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class LimitsTest {
    private static final ConversationLimits LIMITS = ConversationLimits.DEFAULT;

    private static String ended(ConversationPatience patience, long nowMs) {
        return patience.endedBy(nowMs).map(CloseReason::sentence).orElse("goes on");
    }

    @Test
    void silenceEndsAConversationAfterTheIdleLimit() {
        var patience = new ConversationPatience(LIMITS, true, 0);
        patience.readWholeFrames(1_000);
        assertEquals(601_000, patience.lookAgainAtMs(1_000));
        assertEquals("goes on", ended(patience, 600_999));
        assertEquals("sent nothing for 600000 ms", ended(patience, 601_000));
    }

    @Test
    void silenceIsNotHeldAgainstAPeerThatWaitsForUs() {
        var patience = new ConversationPatience(LIMITS, true, 0);
        patience.busy(true);
        assertEquals("goes on", ended(patience, 10_000_000));
    }

    @Test
    void aFrameHasTimeInProportionToItsSizeFromItsFirstByteOn() {
        var patience = new ConversationPatience(LIMITS, true, 0);
        patience.readPartOfFrame(1, 160 * 1024, 100);
        patience.readPartOfFrame(1, 160 * 1024, 30_000);
        assertEquals(40_100, patience.lookAgainAtMs(30_000));
        assertEquals("goes on", ended(patience, 40_099));
        assertEquals("did not finish a frame of 163840 bytes within 40000 ms", ended(patience, 40_100));
        patience.readPartOfFrame(2, 0, 40_000);
        assertEquals("goes on", ended(patience, 40_100));
        patience.readWholeFrames(41_000);
        assertEquals("goes on", ended(patience, 600_000));
    }

    @Test
    void aPeerThatTakesNoRepliesIsLeftAndOneThatTakesAByteIsNot() {
        var patience = new ConversationPatience(LIMITS, true, 0);
        patience.wrote(5000, false, 1_000);
        patience.wrote(4999, true, 100_000);
        patience.wrote(9999, false, 150_000);
        assertEquals(220_000, patience.lookAgainAtMs(150_000));
        assertEquals("took nothing of 9999 bytes of replies for 120000 ms", ended(patience, 220_000));
    }

    @Test
    void whoDoesNotAuthenticateInTimeIsLeft() {
        var patience = new ConversationPatience(LIMITS, false, 0);
        patience.busy(true);
        assertEquals(10_000, patience.lookAgainAtMs(0));
        assertEquals("did not authenticate within 10000 ms", ended(patience, 10_000));
        patience.authenticated();
        assertEquals("goes on", ended(patience, 10_000));
    }

    private static InetAddress address(int last) {
        try {
            return InetAddress.getByAddress(new byte[] {10, 0, 0, (byte) last});
        } catch (UnknownHostException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void connectionsAreCountedInAllAndByAddressAgainstTheirLimits() {
        Property.check(random -> {
            var limits = new ConnectionQuota.Limits(8, 3, Map.of(address(1), 5), 1_000_000);
            var quota = new ConnectionQuota(limits, 0);
            Map<InetAddress, Integer> open = new HashMap<>();
            int total = 0;
            for (int i = 0; i < 200; i++) {
                InetAddress who = address(random.nextInt(4));
                int has = open.getOrDefault(who, 0);
                if (has > 0 && random.nextBoolean()) {
                    quota.closed(who);
                    open.put(who, has - 1);
                    total--;
                } else {
                    int allowed = who.equals(address(1)) ? 5 : 3;
                    boolean admitted = quota.refusal(who, i).isEmpty();
                    assertEquals(total < 8 && has < allowed, admitted);
                    if (admitted) {
                        open.put(who, has + 1);
                        total++;
                    }
                }
                assertEquals(total, quota.openConnections());
            }
        });
    }

    @Test
    void connectionsComeNoFasterThanTheirRate() {
        var quota = new ConnectionQuota(new ConnectionQuota.Limits(100_000, 100_000, Map.of(), 10), 0);
        int admitted = 0;
        for (int ms = 0; ms < 10_000; ms++) {
            if (quota.refusal(address(1), ms).isEmpty()) admitted++;
        }
        // A second's worth at once, then ten a second.
        assertEquals(10 + 99, admitted, 1);
        assertEquals(
                Optional.of("came while more than 10 connections per second were being made"
                        + " (max.connection.creation.rate)"),
                quota.refusal(address(1), 10_000 - 1));
    }

    @Test
    void reconnectingWaitsTwiceAsLongEachTimeWithinAFifth() {
        var backoff = new ReconnectBackoff(50, 1000);
        Property.check(random -> {
            for (int failures = 1; failures < 100; failures++) {
                double middle = Math.min(1000.0, 50.0 * Math.pow(2, failures - 1));
                long waitMs = backoff.waitMs(failures, random.nextLong());
                assertTrue(waitMs >= Math.floor(middle * 0.8) && waitMs <= Math.ceil(middle * 1.2), "waits " + waitMs);
            }
        });
    }
}
