package io.millrace.host;

import io.millrace.environment.Transport;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.InetSocketAddress;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.SelectionKey;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.List;

/** One listening socket, watched by the first of its lanes, which deals what it accepts to all of them in turn. */
final class HostListener implements Transport.Listening, ReadyHandler {
    /** Connections accepted before other sockets of the lane get their turn. */
    private static final int MAX_ACCEPTS_PER_TURN = 64;

    /** How long accepting rests when the system refuses, as it does while file descriptors are used up. */
    private static final long REST_AFTER_FAILURE_MS = 100;

    /** How long nothing is said of connections that are turned away, once it has been said. */
    private static final long REST_BETWEEN_LINES_MS = 10_000;

    private final HostTransport transport;
    private final ServerSocketChannel channel;
    private final InetSocketAddress address;
    private final List<HostLane> lanes;
    private final Transport.Acceptor acceptor;
    private final HostLane watcher;
    private int nextLane;
    private boolean isFailing;
    private boolean isFull;

    HostListener(
            HostTransport transport,
            ServerSocketChannel channel,
            InetSocketAddress address,
            List<HostLane> lanes,
            Transport.Acceptor acceptor) {
        this.transport = transport;
        this.channel = channel;
        this.address = address;
        this.lanes = lanes;
        this.acceptor = acceptor;
        this.watcher = lanes.get(0);
    }

    void start() {
        watcher.execute(() -> {
            try {
                watcher.register(channel, SelectionKey.OP_ACCEPT, this);
            } catch (ClosedChannelException closedAlready) {
                // Nobody listens any more, which is what close() promised.
            } catch (IOException e) {
                throw new UncheckedIOException(HostTransport.named(address) + ": cannot be watched", e);
            }
        });
    }

    @Override
    public InetSocketAddress address() {
        return address;
    }

    @Override
    public void onReady(SelectionKey key) {
        for (int i = 0; i < MAX_ACCEPTS_PER_TURN; i++) {
            SocketChannel accepted;
            try {
                accepted = channel.accept();
            } catch (ClosedChannelException closedMeanwhile) {
                return;
            } catch (IOException e) {
                rest(key, e);
                return;
            }
            if (accepted == null) return;
            if (!transport.descriptors().hasRoomForSocket()) {
                HostConnection.closeQuietly(accepted);
                turnedAway();
                continue;
            }
            isFailing = false;
            deal(accepted);
        }
    }

    private void turnedAway() {
        if (isFull) return;
        isFull = true;
        watcher.schedule(REST_BETWEEN_LINES_MS, () -> isFull = false);
        System.getLogger(HostListener.class.getName())
                .log(
                        Level.WARNING,
                        "closing new connections on " + HostTransport.named(address)
                                + ": the limit of open files of this"
                                + " process leaves " + transport.descriptors().mostSockets()
                                + " for connections; raise it (ulimit -n, LimitNOFILE)");
    }

    private void deal(SocketChannel accepted) {
        HostLane lane = lanes.get(nextLane);
        nextLane = (nextLane + 1) % lanes.size();
        if (lane == watcher) {
            transport.adopt(accepted, lane, acceptor);
        } else if (lane.isStopped()) {
            HostConnection.closeQuietly(accepted);
        } else {
            lane.execute(() -> transport.adopt(accepted, lane, acceptor));
        }
    }

    private void rest(SelectionKey key, IOException cause) {
        if (!isFailing) {
            isFailing = true;
            Logger log = System.getLogger(HostListener.class.getName());
            log.log(
                    Level.WARNING,
                    "cannot accept connections on " + HostTransport.named(address) + ", trying again every "
                            + REST_AFTER_FAILURE_MS + " ms: " + cause.getMessage());
        }
        key.interestOps(0);
        watcher.schedule(REST_AFTER_FAILURE_MS, () -> {
            if (key.isValid()) key.interestOps(SelectionKey.OP_ACCEPT);
        });
    }

    @Override
    public void onLaneStopped() {
        try {
            channel.close();
        } catch (IOException e) {
            throw new UncheckedIOException(HostTransport.named(address) + ": the listening socket did not close", e);
        }
    }

    /** Ends listening. The port is free once the watching lane has gone round its loop. */
    @Override
    public void close() throws IOException {
        channel.close();
        watcher.wakeUp();
    }
}
