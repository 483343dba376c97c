package io.millrace.host;

import io.millrace.environment.Connection;
import io.millrace.environment.ConnectionEvents;
import io.millrace.environment.Lane;
import io.millrace.environment.Transport;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.List;

/** A transport whose outgoing connections speak TLS. The handshake is part of connecting. */
public final class TlsTransport implements Transport {
    private final Transport below;
    private final TlsClientSettings settings;

    /** Speaks TLS through another transport's connections. */
    public TlsTransport(Transport below, TlsClientSettings settings) {
        this.below = below;
        this.settings = settings;
    }

    /** {@inheritDoc} It does not listen: that is for servers. */
    @Override
    public Listening listen(InetSocketAddress address, List<? extends Lane> lanes, Acceptor acceptor)
            throws IOException {
        throw new IOException("this transport is a client's; it does not listen on " + HostTransport.named(address));
    }

    @Override
    public Connection connect(InetSocketAddress address, Lane lane, ConnectionEvents events) {
        var connection = new TlsConnection(
                settings.engine(address.getHostString(), address.getPort()),
                HostTransport.named(address),
                lane,
                events);
        connection.runOn(below.connect(address, lane, connection));
        return connection;
    }
}
