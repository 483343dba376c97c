package io.millrace.client.facade;

import io.millrace.client.HostAndPort;
import io.millrace.client.cluster.ClusterNode;
import io.millrace.client.cluster.MetadataRules;
import io.millrace.client.cluster.RetryBackoff;
import io.millrace.connection.ReconnectBackoff;
import io.millrace.connection.run.ClientSettings;
import io.millrace.environment.Transport;
import io.millrace.host.SocketOptions;
import io.millrace.host.TlsTransport;
import java.util.ArrayList;
import java.util.List;

/** The properties by which any client talks to a cluster, understood. */
public final class ConnectionOptions {
    private static final int ENOUGH_IN_FLIGHT = 1 << 20;

    private final ClientProperties properties;

    /** Reads these; what is wrong is said by whatever is asked for. */
    public ConnectionOptions(ClientProperties properties) {
        this.properties = properties;
    }

    /** What the client calls itself. */
    public String clientId() {
        return properties.text("client.id");
    }

    /** How long a broker may take over an answer. */
    public int requestTimeoutMs() {
        return (int) properties.number("request.timeout.ms", 1, Integer.MAX_VALUE);
    }

    /** The buffers of sockets; 0 leaves them to the system, as -1 does. */
    public SocketOptions sockets() {
        return new SocketOptions(
                SocketOptions.DEFAULT.listenBacklog(),
                bufferBytes("send.buffer.bytes"),
                bufferBytes("receive.buffer.bytes"));
    }

    private int bufferBytes(String name) {
        int bytes = (int) properties.number(name, -1, Integer.MAX_VALUE);
        return bytes == 0 ? -1 : bytes;
    }

    /** How long to wait before asking again. */
    public RetryBackoff backoff() {
        return new RetryBackoff(
                properties.number("retry.backoff.ms", 0, Long.MAX_VALUE),
                properties.number("retry.backoff.max.ms", 0, Long.MAX_VALUE));
    }

    /** How long to wait before connecting again. */
    public ReconnectBackoff reconnects() {
        long firstMs = properties.number("reconnect.backoff.ms", 0, Long.MAX_VALUE / 4);
        return new ReconnectBackoff(
                firstMs, Math.max(firstMs, properties.number("reconnect.backoff.max.ms", 0, Long.MAX_VALUE / 4)));
    }

    /** After how long metadata is asked for anew, in milliseconds. */
    public long metadataMaxAgeMs() {
        return properties.number("metadata.max.age.ms", 0, Long.MAX_VALUE / 4);
    }

    /**
     * When metadata is asked for.
     *
     * @param idleMs after how long a topic that is not used is forgotten
     * @param createsTopics whether asking for a topic may make it
     */
    public MetadataRules metadataRules(long idleMs, boolean createsTopics) {
        String strategy = properties.text("metadata.recovery.strategy");
        if (!strategy.equals("rebootstrap") && !strategy.equals("none")) {
            throw new IllegalArgumentException(
                    "metadata.recovery.strategy is '" + strategy + "'; want rebootstrap or none");
        }
        return new MetadataRules(
                metadataMaxAgeMs(),
                idleMs,
                backoff(),
                strategy.equals("rebootstrap"),
                properties.number("metadata.recovery.rebootstrap.trigger.ms", 0, Integer.MAX_VALUE),
                createsTopics);
    }

    /** How it converses with brokers, whose answers may be as long as that. */
    public ClientSettings settings(int maxResponseBytes) {
        return new ClientSettings(
                clientId(),
                "millrace",
                "0.1.0",
                properties.number("socket.connection.setup.timeout.ms", 1, Integer.MAX_VALUE),
                requestTimeoutMs(),
                maxResponseBytes,
                ENOUGH_IN_FLIGHT,
                properties.security().login().orElse(null));
    }

    /** A plain transport, or one with TLS over it; reads the stores of keys and certificates. */
    Transport protect(Transport plain) {
        return properties
                .security()
                .tls()
                .<Transport>map(tls -> new TlsTransport(plain, tls))
                .orElse(plain);
    }

    /** The addresses to begin with, under ids of -1, -2 and so on. */
    public List<ClusterNode> bootstrapNodes() {
        List<ClusterNode> nodes = new ArrayList<>();
        for (HostAndPort each : HostAndPort.parseList(properties.text("bootstrap.servers"))) {
            nodes.add(new ClusterNode(-1 - nodes.size(), each.host(), each.port(), null));
        }
        return nodes;
    }
}
