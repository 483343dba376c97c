package io.millrace.server.metrics;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.millrace.server.metrics.ExpositionText.Kind;
import java.util.List;
import org.junit.jupiter.api.Test;

class ExpositionTextTest {
    private final ExpositionText text = new ExpositionText();

    @Test
    void aFamilyIsItsHelpItsTypeAndItsSamples() {
        text.family("a_total", Kind.COUNTER, "What it counts.")
                .sample(3, "x", "1", "y", "2")
                .sample(4, "x", "2");
        text.single("b", Kind.GAUGE, "Another.", -1);
        assertEquals("""
                # HELP a_total What it counts.
                # TYPE a_total counter
                a_total{x="1",y="2"} 3
                a_total{x="2"} 4
                # HELP b Another.
                # TYPE b gauge
                b -1
                """, text.toString());
    }

    @Test
    void aSummaryIsACountAndASum() {
        text.family("d_seconds", Kind.SUMMARY, "Time.").summary(2, 0.5, "api", "Fetch");
        assertEquals("""
                # HELP d_seconds Time.
                # TYPE d_seconds summary
                d_seconds_count{api="Fetch"} 2
                d_seconds_sum{api="Fetch"} 0.5
                """, text.toString());
    }

    @Test
    void theBucketsOfAHistogramAddUp() {
        text.family("n", Kind.HISTOGRAM, "How many.").histogram(List.of(1, 10), List.of(3L, 0L, 2L), 45);
        assertEquals("""
                # HELP n How many.
                # TYPE n histogram
                n_bucket{le="1"} 3
                n_bucket{le="10"} 3
                n_bucket{le="+Inf"} 5
                n_sum 45
                n_count 5
                """, text.toString());
    }

    @Test
    void labelsAndHelpAreEscapedAsTheFormatSays() {
        text.family("a", Kind.GAUGE, "a \\ \"quote\"\nline").sample(1, "l", "a \\ \"quote\"\nline");
        assertEquals(
                "# HELP a a \\\\ \"quote\"\\nline\n# TYPE a gauge\na{l=\"a \\\\ \\\"quote\\\"\\nline\"} 1\n",
                text.toString());
    }

    @Test
    void whatIsNotANumberHasItsOwnNames() {
        text.family("a", Kind.GAUGE, "A.")
                .sample(Double.NaN)
                .sample(Double.POSITIVE_INFINITY)
                .sample(Double.NEGATIVE_INFINITY);
        assertEquals("# HELP a A.\n# TYPE a gauge\na NaN\na +Inf\na -Inf\n", text.toString());
    }

    @Test
    void aLabelWithoutAValueIsOurMistake() {
        text.family("a", Kind.GAUGE, "A.");
        assertThrows(IllegalArgumentException.class, () -> text.sample(1, "l"));
    }
}
