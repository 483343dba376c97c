package io.millrace.host;

import io.millrace.environment.Connection;
import io.millrace.environment.ConnectionEvents;
import io.millrace.environment.Lane;
import io.millrace.environment.Transport;
import java.io.IOException;
import java.net.BindException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicLong;

/** TCP over non-blocking sockets. Its lanes are {@link HostLane}s. */
public final class HostTransport implements Transport {
    private final SocketOptions options;
    private final Descriptors descriptors;
    private final AtomicLong nextConnectionId = new AtomicLong(1);

    /** A transport with {@link SocketOptions#DEFAULT}. */
    public HostTransport() {
        this(SocketOptions.DEFAULT);
    }

    /** A transport whose sockets are set up as said. */
    public HostTransport(SocketOptions options) {
        this(options, Descriptors.ofProcess());
    }

    HostTransport(SocketOptions options, Descriptors descriptors) {
        this.options = options;
        this.descriptors = descriptors;
    }

    Descriptors descriptors() {
        return descriptors;
    }

    @Override
    public Listening listen(InetSocketAddress address, List<? extends Lane> lanes, Acceptor acceptor)
            throws IOException {
        if (lanes.isEmpty()) throw new IllegalArgumentException("no lane to take the connections of " + address);
        List<HostLane> hostLanes = new ArrayList<>(lanes.size());
        for (Lane lane : lanes) hostLanes.add(hostLane(lane));
        if (address.isUnresolved()) {
            throw new IOException("cannot listen on " + named(address) + ": the host name is not known");
        }
        ServerSocketChannel channel = ServerSocketChannel.open();
        try {
            channel.configureBlocking(false);
            channel.setOption(StandardSocketOptions.SO_REUSEADDR, true);
            if (options.receiveBufferBytes() > 0) {
                channel.setOption(StandardSocketOptions.SO_RCVBUF, options.receiveBufferBytes());
            }
            channel.bind(address, options.listenBacklog());
            InetSocketAddress bound = (InetSocketAddress) channel.getLocalAddress();
            var listener = new HostListener(this, channel, bound, hostLanes, acceptor);
            listener.start();
            return listener;
        } catch (IOException e) {
            channel.close();
            throw new IOException("cannot listen on " + named(address) + ": " + reason(e), e);
        }
    }

    @Override
    public Connection connect(InetSocketAddress address, Lane lane, ConnectionEvents events) {
        HostLane hostLane = hostLane(lane);
        if (!hostLane.isCurrent()) {
            throw new IllegalStateException("connect to " + address + " was not called on lane " + lane.name());
        }
        var connection = new HostConnection(nextConnectionId.getAndIncrement(), hostLane, address, descriptors);
        connection.connect(events, this);
        return connection;
    }

    /** Hands an accepted socket over; called on {@code lane}. */
    void adopt(SocketChannel channel, HostLane lane, Acceptor acceptor) {
        HostConnection connection;
        try {
            prepare(channel);
            connection = new HostConnection(nextConnectionId.getAndIncrement(), lane, channel, descriptors);
        } catch (IOException goneAlready) {
            // The peer has reset it between our accept and now: for everybody else it never came to be.
            HostConnection.closeQuietly(channel);
            return;
        }
        connection.accepted(acceptor.accepted(connection, lane));
    }

    /** Sets the options of a socket that is, or is about to be, connected. */
    void prepare(SocketChannel channel) throws IOException {
        channel.configureBlocking(false);
        channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
        channel.setOption(StandardSocketOptions.SO_KEEPALIVE, true);
        if (options.sendBufferBytes() > 0) {
            channel.setOption(StandardSocketOptions.SO_SNDBUF, options.sendBufferBytes());
        }
        if (options.receiveBufferBytes() > 0) {
            channel.setOption(StandardSocketOptions.SO_RCVBUF, options.receiveBufferBytes());
        }
    }

    private static HostLane hostLane(Lane lane) {
        if (lane instanceof HostLane hostLane) return hostLane;
        throw new IllegalArgumentException("lane " + lane.name() + " is not one of the host's");
    }

    /** An address as people write it. */
    static String named(InetSocketAddress address) {
        String host = address.getHostString();
        return (host.indexOf(':') < 0 ? host : "[" + host + "]") + ":" + address.getPort();
    }

    private static String reason(IOException e) {
        String message = e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
        String lowerCase = message.toLowerCase(Locale.ROOT);
        if (e instanceof BindException && lowerCase.contains("in use")) return "the port is in use by another process";
        if (e instanceof BindException && lowerCase.contains("cannot assign")) {
            return "the address is not one of this machine's";
        }
        if (lowerCase.contains("permission denied")) return "this user may not take that port";
        return message;
    }
}
