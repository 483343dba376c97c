package io.millrace.cli.consume;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;

class PlaceTest {
    private static final long NOW_MS = 1_800_000_000_000L;

    @Test
    void aPlaceIsAnOffsetOneFromTheEndATimeOrAWord() {
        assertEquals(new Place.Earliest(), Place.parse("earliest", NOW_MS));
        assertEquals(new Place.Latest(), Place.parse("latest", NOW_MS));
        assertEquals(new Place.At(7), Place.parse("7", NOW_MS));
        assertEquals(new Place.BeforeEnd(5), Place.parse("-5", NOW_MS));
        assertEquals(new Place.Since(NOW_MS - 900_000), Place.parse("PT15M", NOW_MS));
        assertEquals(new Place.Since(1_769_846_400_000L), Place.parse("2026-01-31T08:00:00Z", NOW_MS));
        assertEquals(new Place.Since(1_769_846_400_000L), Place.parse("2026-01-31T09:00:00+01:00", NOW_MS));
        assertEquals(new Place.Since(1_769_846_400_000L), Place.parse("2026-01-31T08:00:00", NOW_MS));
        assertEquals(new Place.Since(1_769_817_600_000L), Place.parse("2026-01-31", NOW_MS));
    }

    @Test
    void whatIsNoneIsRefusedWithWhatIsWanted() {
        for (String wrong :
                new String[] {"", "yesterday", "--5", "P", "2026-13-01", "99999999999999999999", "1969-12-31", "P99999D"
                }) {
            String said = String.valueOf(assertThrows(IllegalArgumentException.class, () -> Place.parse(wrong, NOW_MS))
                    .getMessage());
            assertEquals("'" + wrong + "' is no place", said.substring(0, wrong.length() + 14));
        }
    }
}
