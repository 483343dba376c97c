package io.millrace.client.dispatch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.client.dispatch.FinishedAhead.Range;
import io.millrace.testkit.Property;
import io.millrace.testkit.SeededRandom;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class FinishedAheadTest {
    private static FinishedAhead random(SeededRandom random, long committedOffset, int most) {
        List<Range> ranges = new ArrayList<>();
        long behind = committedOffset;
        for (int count = random.nextInt(most); count > 0; count--) {
            long fromOffset = behind + 1 + random.nextInt(random.chance(0.9) ? 10 : 1_000_000);
            behind = fromOffset + 1 + random.nextInt(100);
            ranges.add(new Range(fromOffset, behind));
        }
        return new FinishedAhead(ranges, random.nextInt(5) - 1);
    }

    @Test
    void whatIsWrittenIsReadAndWhatDoesNotFitIsMissingAtTheEnd() {
        Property.check(500, random -> {
            long committedOffset = random.chance(0.1) ? Long.MAX_VALUE - 5_000_000_000L : random.nextInt(1_000_000);
            FinishedAhead ahead = random(random, committedOffset, random.chance(0.5) ? 5 : 2_000);
            String metadata = ahead.metadata(committedOffset);
            assertTrue(metadata.length() <= FinishedAhead.MOST_CHARS, () -> metadata.length() + " characters");
            FinishedAhead read = FinishedAhead.of(committedOffset, metadata);
            assertEquals(ahead.ranges().subList(0, read.ranges().size()), read.ranges());
            if (ahead.ranges().size() <= 400) assertEquals(ahead.ranges(), read.ranges());
            if (!ahead.isEmpty()) assertEquals(ahead.leaderEpoch(), read.leaderEpoch());
        });
    }

    @Test
    void whatIsOfAnotherOffsetOrDamagedOrSomebodyElsesSaysNothing() {
        Property.check(500, random -> {
            FinishedAhead ahead = new FinishedAhead(List.of(new Range(12, 20), new Range(21, 30)), 3);
            String metadata = ahead.metadata(10);
            assertEquals(FinishedAhead.NONE, FinishedAhead.of(11, metadata));
            String cut = metadata.substring(0, random.nextInt(metadata.length()));
            List<Range> left = FinishedAhead.of(10, cut).ranges();
            assertEquals(ahead.ranges().subList(0, left.size()), left);
            char[] noise = new char[random.nextInt(40)];
            for (int i = 0; i < noise.length; i++) noise[i] = (char) random.nextInt(300);
            FinishedAhead.of(10, new String(noise));
            FinishedAhead.of(10, "millrace-ahead:1:" + new String(noise)); // Whatever it is, it is no exception.
        });
        assertEquals(FinishedAhead.NONE, FinishedAhead.of(0, "a note of the application's"));
    }

    @Test
    void recordsOfALaterEpochOrBeforeTheCommittedOffsetAreOfAnotherLog() {
        FinishedAhead ahead = new FinishedAhead(List.of(new Range(12, 20)), 3);
        AheadCursor sound = new AheadCursor(10, ahead);
        assertTrue(!sound.isFinished(10, 2) && sound.isFinished(12, 3) && sound.isFinished(19, 3));
        assertTrue(!sound.isFinished(20, 4));
        AheadCursor later = new AheadCursor(10, ahead);
        assertTrue(!later.isFinished(12, 4) && !later.isFinished(13, 3));
        AheadCursor before = new AheadCursor(10, ahead);
        assertTrue(!before.isFinished(9, 3) && !before.isFinished(12, 3));
    }
}
