package io.millrace.cli.start;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class ClusterLayoutTest {
    private static final String METRICS = "millrace.metrics.address";

    private static StartOptions options(String... arguments) {
        return StartOptions.parse(List.of(arguments));
    }

    private static List<String> metricsOf(ClusterLayout layout) {
        return IntStream.rangeClosed(1, layout.size())
                .mapToObj(node -> layout.properties(node).get(METRICS))
                .toList();
    }

    @Test
    void aNodeWhosePortForMetricsIsTakenDoesWithout() {
        StartOptions options = options("--cluster", "3");
        ClusterLayout layout = ClusterLayout.of(options, () -> 1, port -> port != 9465);
        assertEquals(List.of("127.0.0.1:9464", "", "127.0.0.1:9466"), metricsOf(layout));
        assertFalse(layout.lacksMetrics(1, options));
        assertTrue(layout.lacksMetrics(2, options));
    }

    @Test
    void whoeverWantsNoMetricsMissesNone() {
        StartOptions options = options("--cluster", "3", "--set", METRICS + "=");
        ClusterLayout layout = ClusterLayout.of(options, () -> 1, port -> true);
        assertEquals(List.of("", "", ""), metricsOf(layout));
        assertFalse(layout.lacksMetrics(1, options));
    }
}
