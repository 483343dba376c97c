package io.millrace.cli.start;

import io.millrace.cli.logs.LogsPage;
import io.millrace.host.CacheNumbers;
import io.millrace.host.HttpEndpoint;
import io.millrace.server.Node;
import io.millrace.server.config.BadConfig;
import io.millrace.server.config.ListenerAddress;
import io.millrace.server.config.ServerConfig;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Supplier;

/** Serves {@code /metrics}, {@code /logs} and {@code /health} of a node, on loopback unless told otherwise. */
final class MetricsPages {
    /** The port that Prometheus exporters of the OpenTelemetry kind use. */
    static final String DEFAULT_ADDRESS = "127.0.0.1:9464";

    private static final System.Logger LOG = System.getLogger(MetricsPages.class.getName());
    private static final String PROMETHEUS_TEXT = "text/plain; version=0.0.4; charset=utf-8";
    private static final String PLAIN_TEXT = "text/plain; charset=utf-8";
    private static final int OK = 200;
    private static final int UNAVAILABLE = 503;

    private MetricsPages() {}

    /** Where they are to be served; empty if {@code millrace.metrics.address} is set to nothing. */
    static Optional<InetSocketAddress> address(ServerConfig config) {
        String stated = config.stated().get(ServerConfig.METRICS_ADDRESS);
        if (stated != null && stated.isBlank()) return Optional.empty();
        try {
            ListenerAddress address = ListenerAddress.parse("HTTP://" + (stated == null ? DEFAULT_ADDRESS : stated));
            return Optional.of(
                    address.host().isEmpty()
                            ? new InetSocketAddress(address.port())
                            : new InetSocketAddress(address.host(), address.port()));
        } catch (BadConfig e) {
            throw new BadConfig(ServerConfig.METRICS_ADDRESS + "='" + stated + "' is not of the form HOST:PORT");
        }
    }

    static boolean isAskedFor(ServerConfig config) {
        return config.stated().containsKey(ServerConfig.METRICS_ADDRESS);
    }

    /**
     * Begins to serve.
     *
     * @param node  gives nothing while there is none yet
     * @param cache what is done about the page cache, if anything is
     * @throws IOException if the address is taken
     */
    static void open(InetSocketAddress address, Supplier<Optional<Node>> node, Optional<CacheNumbers> cache)
            throws IOException {
        if (address.isUnresolved())
            throw new IOException("the host name of " + ServerConfig.METRICS_ADDRESS + "=" + address.getHostString()
                    + ":" + address.getPort() + " is not known here");
        // Never closed: it answers until the process ends, so that a stop can be watched too.
        HttpEndpoint endpoint = HttpEndpoint.open(
                address,
                Map.of(
                        "/metrics",
                        then -> node.get().ifPresentOrElse(it -> metrics(it, cache, then), () -> starting(then)),
                        "/logs",
                        then -> node.get().ifPresentOrElse(it -> logs(it, then), () -> starting(then)),
                        "/health",
                        then -> node.get().ifPresentOrElse(it -> health(it, then), () -> starting(then))));
        LOG.log(
                System.Logger.Level.INFO,
                "metrics and health are at http://" + endpoint.address().getHostString() + ":"
                        + endpoint.address().getPort() + "/metrics and /health");
    }

    private static void metrics(Node node, Optional<CacheNumbers> cache, Consumer<HttpEndpoint.Text> then) {
        node.scrapeMetrics(text -> then.accept(new HttpEndpoint.Text(
                OK, PROMETHEUS_TEXT, text + cache.map(MetricsPages::text).orElse(""))));
    }

    private static void logs(Node node, Consumer<HttpEndpoint.Text> then) {
        node.describeLogs(states -> then.accept(new HttpEndpoint.Text(OK, PLAIN_TEXT, LogsPage.of(states))));
    }

    static String text(CacheNumbers cache) {
        return """
                # HELP millrace_page_cache_recycling Whether new pages are dear here, so that those in use are recycled.
                # TYPE millrace_page_cache_recycling gauge
                millrace_page_cache_recycling %d
                # HELP millrace_page_cache_given_back_bytes_total Bytes of logs whose pages were given back early.
                # TYPE millrace_page_cache_given_back_bytes_total counter
                millrace_page_cache_given_back_bytes_total %d
                """.formatted(cache.isThrifty() ? 1 : 0, cache.droppedBytes());
    }

    private static void health(Node node, Consumer<HttpEndpoint.Text> then) {
        node.health(health -> then.accept(
                new HttpEndpoint.Text(health.isServing() ? OK : UNAVAILABLE, PLAIN_TEXT, health.text() + "\n")));
    }

    private static void starting(Consumer<HttpEndpoint.Text> then) {
        then.accept(new HttpEndpoint.Text(UNAVAILABLE, PLAIN_TEXT, "starting\n"));
    }
}
