package io.millrace.server.handlers;

import io.millrace.metadata.BrokerImage;
import io.millrace.metadata.Endpoint;
import io.millrace.metadata.MetadataImage;
import io.millrace.server.config.ListenerAddress;
import io.millrace.server.config.ServerConfig;
import io.millrace.server.network.Exchange;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The cluster as a client sees it from where it stands: brokers by the listener it came in by. Where this node's address is not
 * fixed by {@code advertised.listeners}, the client is told the one it used, since that one works.
 */
public final class ClientView {
    private final ServerConfig config;

    /** Makes the view of a node's clients. */
    public ClientView(ServerConfig config) {
        this.config = config;
    }

    /** A broker that a client can turn to. */
    record Node(int id, String host, int port, @Nullable String rack, boolean isFenced) {}

    /** The brokers with an address on the client's listener, by id. */
    List<Node> brokers(MetadataImage image, Exchange<?> exchange, boolean withFenced) {
        List<Node> nodes = new ArrayList<>();
        for (BrokerImage broker : image.cluster().brokersInOrder())
            if (withFenced || !broker.isFenced()) node(broker, exchange).ifPresent(nodes::add);
        return nodes;
    }

    /** One broker that is not fenced. */
    Optional<Node> broker(MetadataImage image, int id, Exchange<?> exchange) {
        BrokerImage broker = image.cluster().broker(id);
        return broker == null || broker.isFenced() ? Optional.empty() : node(broker, exchange);
    }

    private Optional<Node> node(BrokerImage broker, Exchange<?> exchange) {
        if (broker.id() == config.nodeId()) return Optional.of(self(broker, exchange));
        return broker.endpoint(exchange.listenerName())
                .map((Endpoint endpoint) ->
                        new Node(broker.id(), endpoint.host(), endpoint.port(), broker.rack(), broker.isFenced()));
    }

    /** Whether the client came in by a controller's listener. */
    boolean isAtController(Exchange<?> exchange) {
        return config.isControllerListener(exchange.listenerName());
    }

    /** The controllers with an address on the client's listener: this node is the one there is. */
    List<Node> controllers(MetadataImage image, Exchange<?> exchange) {
        return brokers(image, exchange, true).stream()
                .filter(node -> node.id() == config.nodeId())
                .toList();
    }

    private Node self(BrokerImage broker, Exchange<?> exchange) {
        String host = exchange.localAddress().getAddress().getHostAddress();
        int port = exchange.localAddress().getPort();
        ListenerAddress advertised = config.advertised(exchange.listenerName());
        if (advertised != null) {
            host = advertised.host();
            port = advertised.port() == 0 ? port : advertised.port();
        } else {
            for (ListenerAddress listener : config.listeners())
                if (listener.name().equals(exchange.listenerName()) && !listener.isWildcard()) host = listener.host();
        }
        return new Node(broker.id(), host, port, broker.rack(), broker.isFenced());
    }
}
