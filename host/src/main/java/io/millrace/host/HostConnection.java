package io.millrace.host;

import io.millrace.environment.Connection;
import io.millrace.environment.ConnectionEvents;
import io.millrace.environment.DiskFile;
import io.millrace.environment.Lane;
import io.millrace.environment.LaneStopped;
import java.io.EOFException;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** A non-blocking socket on its lane's selector. All calls come from that lane. */
final class HostConnection implements Connection, ReadyHandler {
    /**
     * Most bytes of a heap buffer handed to the socket at once: the JDK copies heap buffers through direct ones of the
     * same size, which it keeps for the thread.
     */
    private static final int MAX_HEAP_CHUNK_BYTES = 128 * 1024;

    private final long id;
    private final Descriptors descriptors;
    private HostLane lane;
    private final InetSocketAddress remoteAddress;
    private InetSocketAddress localAddress;
    private @Nullable SocketChannel channel;
    private @Nullable ConnectionEvents events;
    private @Nullable SelectionKey key;
    private boolean isConnected;
    private boolean isClosed;
    private boolean readsWanted = true;
    private boolean writesWanted;

    /** One that was accepted. */
    HostConnection(long id, HostLane lane, SocketChannel channel, Descriptors descriptors) throws IOException {
        this.id = id;
        this.descriptors = descriptors;
        this.lane = lane;
        this.channel = channel;
        this.localAddress = (InetSocketAddress) channel.getLocalAddress();
        this.remoteAddress = (InetSocketAddress) Objects.requireNonNull(channel.getRemoteAddress());
        this.isConnected = true;
        descriptors.socketOpened();
    }

    /** One that is to be opened by {@link #connect}. */
    HostConnection(long id, HostLane lane, InetSocketAddress remoteAddress, Descriptors descriptors) {
        this.id = id;
        this.descriptors = descriptors;
        descriptors.socketOpened();
        this.lane = lane;
        this.remoteAddress = remoteAddress;
        this.localAddress = new InetSocketAddress(0);
    }

    /** Its owner has taken it over; watching begins, unless the owner has closed it at once. */
    void accepted(ConnectionEvents owner) {
        events = owner;
        SocketChannel open = channel;
        if (isClosed || open == null) return;
        try {
            key = lane.register(open, interestOps(), this);
        } catch (IOException e) {
            fail(e);
        }
    }

    /** Begins to connect; every outcome is told in a later task, so that the caller has the connection in hand first. */
    void connect(ConnectionEvents owner, HostTransport transport) {
        events = owner;
        if (remoteAddress.isUnresolved()) {
            resolveThenOpen(transport);
        } else {
            open(remoteAddress, transport);
        }
    }

    /** Names are looked up by a helper, as that can take seconds, and again for each connection, as answers change. */
    private void resolveThenOpen(HostTransport transport) {
        String host = remoteAddress.getHostString();
        int port = remoteAddress.getPort();
        lane.offload(() -> new InetSocketAddress(host, port), outcome -> {
            if (isClosed) return;
            switch (outcome) {
                case Lane.Outcome.Done<InetSocketAddress>(InetSocketAddress resolved) -> {
                    if (resolved.isUnresolved()) fail(new UnknownHostException("the host name is not known"));
                    else open(resolved, transport);
                }
                case Lane.Outcome.Failed<InetSocketAddress>(Exception cause) ->
                    fail(new IOException("the host name cannot be looked up: " + cause.getMessage(), cause));
            }
        });
    }

    private void open(InetSocketAddress address, HostTransport transport) {
        try {
            SocketChannel opened = SocketChannel.open();
            channel = opened;
            transport.prepare(opened);
            boolean atOnce = opened.connect(address);
            key = lane.register(opened, atOnce ? 0 : SelectionKey.OP_CONNECT, this);
            if (atOnce) lane.execute(this::established);
        } catch (IOException | RuntimeException e) {
            // Some addresses are refused with an unchecked exception, such as those the security policy forbids.
            IOException cause = e instanceof IOException io ? io : new IOException(e);
            lane.execute(() -> fail(cause));
        }
    }

    private void established() {
        SocketChannel open = channel;
        if (isClosed || open == null) return;
        try {
            localAddress = (InetSocketAddress) open.getLocalAddress();
        } catch (IOException e) {
            fail(e);
            return;
        }
        isConnected = true;
        applyInterest();
        owner().onConnected();
    }

    @Override
    public void onReady(SelectionKey ready) {
        if (!isConnected) {
            finishConnecting();
            return;
        }
        int operations = ready.readyOps();
        if ((operations & SelectionKey.OP_WRITE) != 0) owner().onWritable();
        // The owner may have closed it, or given it to another lane, which looks at it from then on.
        if ((operations & SelectionKey.OP_READ) != 0 && ready.isValid() && readsWanted) owner().onReadable();
    }

    private void finishConnecting() {
        SocketChannel open = Objects.requireNonNull(channel);
        try {
            if (!open.finishConnect()) return;
        } catch (IOException e) {
            fail(e);
            return;
        }
        established();
    }

    private void fail(IOException cause) {
        if (isClosed) return;
        close();
        owner().onClosed(named(cause));
    }

    private void closeStopped(HostLane stopped) {
        close();
        owner().onClosed(new LaneStopped(HostTransport.named(remoteAddress), stopped.name()));
    }

    @Override
    public void onLaneStopped() {
        if (isClosed) return;
        closeStopped(lane);
    }

    @Override
    public long id() {
        return id;
    }

    @Override
    public InetSocketAddress localAddress() {
        return localAddress;
    }

    @Override
    public InetSocketAddress remoteAddress() {
        return remoteAddress;
    }

    @Override
    public int read(ByteBuffer into) throws IOException {
        try {
            return connected().read(into);
        } catch (IOException e) {
            throw named(e);
        }
    }

    @Override
    public long write(ByteBuffer[] from, int offset, int length) throws IOException {
        try {
            for (int i = offset; i < offset + length; i++) {
                if (!from[i].isDirect() && from[i].remaining() > MAX_HEAP_CHUNK_BYTES) {
                    return writeBeforeLargeHeapBuffer(from, offset, i);
                }
            }
            return connected().write(from, offset, length);
        } catch (IOException e) {
            throw named(e);
        }
    }

    /** Writes what stands before the buffer at {@code large}, and if all of that went out, a first part of it. */
    private long writeBeforeLargeHeapBuffer(ByteBuffer[] from, int offset, int large) throws IOException {
        SocketChannel open = connected();
        long takenBytes = large == offset ? 0 : open.write(from, offset, large - offset);
        if (large > offset && from[large - 1].hasRemaining()) return takenBytes;
        ByteBuffer buffer = from[large];
        int end = buffer.limit();
        while (buffer.position() < end) {
            int chunkBytes = Math.min(MAX_HEAP_CHUNK_BYTES, end - buffer.position());
            buffer.limit(buffer.position() + chunkBytes);
            int taken;
            try {
                taken = open.write(buffer);
            } finally {
                buffer.limit(end);
            }
            takenBytes += taken;
            if (taken < chunkBytes) break;
        }
        return takenBytes;
    }

    @Override
    public long transferFrom(DiskFile file, long position, long byteCount) throws IOException {
        if (byteCount < 1) throw new IllegalArgumentException("cannot transfer " + byteCount + " bytes");
        if (file instanceof HostDiskFile hostFile) {
            try {
                return hostFile.transferTo(position, byteCount, connected());
            } catch (EOFException e) {
                throw e;
            } catch (IOException e) {
                throw named(e);
            }
        }
        ByteBuffer scratch = lane.scratch();
        scratch.limit((int) Math.min(scratch.capacity(), byteCount));
        if (file.read(position, scratch) == 0) {
            throw new EOFException(file.path() + ": the file ends before byte " + position);
        }
        scratch.flip();
        try {
            return connected().write(scratch);
        } catch (IOException e) {
            throw named(e);
        }
    }

    @Override
    public void wantReads(boolean wanted) {
        if (readsWanted == wanted) return;
        readsWanted = wanted;
        applyInterest();
    }

    @Override
    public void wantWrites(boolean wanted) {
        if (writesWanted == wanted) return;
        writesWanted = wanted;
        applyInterest();
    }

    private int interestOps() {
        return (readsWanted ? SelectionKey.OP_READ : 0) | (writesWanted ? SelectionKey.OP_WRITE : 0);
    }

    private void applyInterest() {
        if (key != null && isConnected && !isClosed) key.interestOps(interestOps());
    }

    /**
     * {@inheritDoc} The key here is cancelled at once, so this lane tells nothing of it any more, though its selector forgets
     * it only when it selects next.
     */
    @Override
    public void moveTo(Lane to, Runnable arrived) {
        if (!(to instanceof HostLane target)) {
            throw new IllegalArgumentException("lane " + to.name() + " is not one of the host's");
        }
        SelectionKey watched = key;
        if (target == lane || watched == null || !isConnected || isClosed) {
            throw new IllegalStateException(HostTransport.named(remoteAddress) + " cannot move to lane " + to.name());
        }
        if (target.isStopped()) {
            closeStopped(target);
            return;
        }
        key = null;
        watched.cancel();
        lane = target;
        target.execute(() -> {
            try {
                key = target.register(connected(), interestOps(), this);
            } catch (IOException e) {
                arrived.run();
                fail(e);
                return;
            }
            arrived.run();
        });
    }

    @Override
    public void close() {
        if (isClosed) return;
        isClosed = true;
        descriptors.socketClosed();
        if (channel != null) closeQuietly(channel);
    }

    /** A close that fails leaves nothing behind that could be done better: the descriptor is gone either way. */
    static void closeQuietly(SocketChannel channel) {
        try {
            channel.close();
        } catch (IOException alreadyGone) {
            System.getLogger(HostConnection.class.getName())
                    .log(System.Logger.Level.DEBUG, "closing a socket failed", alreadyGone);
        }
    }

    private SocketChannel connected() throws IOException {
        SocketChannel open = channel;
        if (isClosed || open == null) throw new IOException("the connection has been closed here");
        return open;
    }

    private ConnectionEvents owner() {
        return Objects.requireNonNull(events, "events before the connection was taken over");
    }

    private IOException named(IOException cause) {
        String why = cause.getMessage() == null ? cause.getClass().getSimpleName() : cause.getMessage();
        String sentence = HostTransport.named(remoteAddress) + ": " + why;
        if (!(cause instanceof ConnectException)) return new IOException(sentence, cause);
        var refused = new ConnectException(sentence);
        refused.initCause(cause);
        return refused;
    }
}
