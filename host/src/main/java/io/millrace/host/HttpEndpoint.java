package io.millrace.host;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.Closeable;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;

/** Serves a few texts over HTTP on one address, to {@code GET} and {@code HEAD} only; each request on a virtual thread. */
public final class HttpEndpoint implements Closeable {
    private static final int BACKLOG = 16;
    private static final long MOST_SECONDS_TO_RENDER = 5;

    /** A text to send. */
    public record Text(int status, String contentType, String body) {}

    /** Makes a text when it is asked for; the consumer may be called on another thread, once. */
    @FunctionalInterface
    public interface Page {
        /** Begins to render. */
        void render(Consumer<Text> then);
    }

    private final HttpServer server;

    private HttpEndpoint(HttpServer server) {
        this.server = server;
    }

    /**
     * Starts to serve.
     *
     * @param address port 0 takes a free one
     * @param pages by path, such as {@code /metrics}
     * @throws IOException if the address is taken; the message names it
     */
    public static HttpEndpoint open(InetSocketAddress address, Map<String, Page> pages) throws IOException {
        HttpServer server;
        try {
            server = HttpServer.create(address, BACKLOG);
        } catch (IOException e) {
            throw new IOException(
                    "cannot listen on " + address.getHostString() + ":" + address.getPort() + ": " + e.getMessage(), e);
        }
        pages.forEach((path, page) -> server.createContext(path, exchange -> serve(exchange, path, page)));
        server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
        server.start();
        return new HttpEndpoint(server);
    }

    /** Where it listens. */
    public InetSocketAddress address() {
        return server.getAddress();
    }

    private static void serve(HttpExchange exchange, String path, Page page) throws IOException {
        try (exchange) {
            send(exchange, textFor(exchange, path, page));
        }
    }

    private static Text textFor(HttpExchange exchange, String path, Page page) {
        String method = exchange.getRequestMethod();
        if (!exchange.getRequestURI().getPath().equals(path)) return plain(404, "there is only " + path + "\n");
        if (!method.equals("GET") && !method.equals("HEAD")) return plain(405, "only GET is served here\n");
        CompletableFuture<Text> rendered = new CompletableFuture<>();
        page.render(rendered::complete);
        try {
            return rendered.get(MOST_SECONDS_TO_RENDER, TimeUnit.SECONDS);
        } catch (TimeoutException e) {
            return plain(503, "a lane did not answer in " + MOST_SECONDS_TO_RENDER + " s\n");
        } catch (ExecutionException e) {
            return plain(500, e.getCause() + "\n");
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return plain(503, "stopping\n");
        }
    }

    private static Text plain(int status, String body) {
        return new Text(status, "text/plain; charset=utf-8", body);
    }

    private static void send(HttpExchange exchange, Text text) throws IOException {
        byte[] body = text.body().getBytes(StandardCharsets.UTF_8);
        exchange.getResponseHeaders().set("Content-Type", text.contentType());
        boolean hasBody = !exchange.getRequestMethod().equals("HEAD");
        exchange.sendResponseHeaders(text.status(), hasBody ? body.length : -1);
        if (!hasBody) return;
        try (OutputStream out = exchange.getResponseBody()) {
            out.write(body);
        }
    }

    @Override
    public void close() {
        server.stop(0);
    }
}
