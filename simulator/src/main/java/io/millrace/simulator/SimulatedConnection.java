package io.millrace.simulator;

import io.millrace.environment.Connection;
import io.millrace.environment.ConnectionEvents;
import io.millrace.environment.DiskFile;
import io.millrace.environment.Lane;
import io.millrace.testkit.SeededRandom;
import java.io.EOFException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * One end of a simulated byte stream. What is written travels in pieces cut where the seed says, each a little later than the
 * one before; a bounded number of bytes may be under way, so writes can be partial. As with a socket in a selector, its
 * owner is told again for as long as there is something to read or room to write.
 */
final class SimulatedConnection implements Connection {
    private static final int MOST_WINDOW_BYTES = 256 * 1024;
    private static final int LEAST_WINDOW_BYTES = 512;
    private static final long MOST_NANOS_PER_PIECE = 100_000;
    private static final long MOST_NANOS_OF_SILENCE = 3_000_000_000L;
    private static final long NANOS_TO_SEND_AGAIN = 200_000_000L;
    private static final long MOST_NANOS_TO_SEND_AGAIN = 6_400_000_000L;
    private static final double CUTS_A_PIECE = 0.25;
    private static final double TAKES_A_PART = 0.1;

    private final long id;
    private final InetSocketAddress local;
    private final InetSocketAddress remote;
    private Lane lane;
    private final Simulation simulation;
    private final SimulatedLinks links;
    private final int host;
    private final SeededRandom random;
    private final int windowBytes;
    private final ArrayDeque<ByteBuffer> arrived = new ArrayDeque<>();
    /** What did not come through to the other end; it is sent again. */
    private final ArrayDeque<Runnable> held = new ArrayDeque<>();

    private @Nullable SimulatedConnection peer;
    private @Nullable ConnectionEvents events;
    private int bytesUnderWay;
    private long lastArrivalNanos;
    private boolean peerEnded;
    private @Nullable String broken;
    private boolean isClosed;
    private boolean isGone;
    private boolean isMoving;
    private int moves;
    private boolean wantsReads = true;
    private boolean wantsWrites;
    private boolean isReadDue;
    private boolean isWriteDue;

    SimulatedConnection(
            long id,
            InetSocketAddress local,
            InetSocketAddress remote,
            Lane lane,
            Simulation simulation,
            SimulatedLinks links,
            int host) {
        this.id = id;
        this.local = local;
        this.remote = remote;
        this.lane = lane;
        this.simulation = simulation;
        this.links = links;
        this.host = host;
        this.random = simulation.newRandom();
        this.windowBytes = random.nextInt(3) == 0
                ? random.nextInt(LEAST_WINDOW_BYTES, 16 * LEAST_WINDOW_BYTES)
                : MOST_WINDOW_BYTES;
    }

    void hear(ConnectionEvents who) {
        events = who;
        readSoon();
        writeSoon();
    }

    /** It is established; called on the end that connected. */
    void join(SimulatedConnection other) {
        peer = other;
        other.peer = this;
        lane.execute(() -> {
            if (!isClosed && events != null) events.onConnected();
        });
    }

    void failed(IOException cause) {
        if (isClosed || events == null) return;
        isClosed = true;
        events.onClosed(cause);
    }

    boolean isClosed() {
        return isClosed;
    }

    @Override
    public long id() {
        return id;
    }

    @Override
    public InetSocketAddress localAddress() {
        return local;
    }

    @Override
    public InetSocketAddress remoteAddress() {
        return remote;
    }

    @Override
    public int read(ByteBuffer into) throws IOException {
        SimulatedConnection from = requireEstablished();
        if (arrived.isEmpty()) {
            if (broken != null) throw new IOException(broken);
            return peerEnded ? -1 : 0;
        }
        int count = 0;
        while (into.hasRemaining() && !arrived.isEmpty()) {
            ByteBuffer piece = arrived.getFirst();
            int some = Math.min(piece.remaining(), into.remaining());
            into.put(piece.slice(piece.position(), some));
            piece.position(piece.position() + some);
            if (!piece.hasRemaining()) arrived.removeFirst();
            count += some;
        }
        from.taken(count);
        simulation.trace(count);
        return count;
    }

    private void taken(int count) {
        bytesUnderWay -= count;
        writeSoon();
    }

    @Override
    public long write(ByteBuffer[] from, int offset, int length) throws IOException {
        requireWritable();
        long count = 0;
        for (int i = offset; i < offset + length; i++) {
            int some = room(from[i].remaining());
            send(copy(from[i], some));
            count += some;
            if (from[i].hasRemaining()) break;
        }
        return count;
    }

    /** How many of so many bytes are taken now. */
    private int room(int wanted) {
        int room = Math.min(wanted, windowBytes - bytesUnderWay);
        return room > 1 && random.chance(TAKES_A_PART) ? 1 + random.nextInt(room) : room;
    }

    private static byte[] copy(ByteBuffer from, int count) {
        byte[] bytes = new byte[count];
        from.get(bytes);
        return bytes;
    }

    @Override
    public long transferFrom(DiskFile file, long position, long byteCount) throws IOException {
        requireWritable();
        if (byteCount < 1) throw new IllegalArgumentException("cannot transfer " + byteCount + " bytes");
        int some = room((int) Math.min(byteCount, Integer.MAX_VALUE));
        if (some == 0) return 0;
        byte[] bytes = new byte[some];
        int count = file.read(position, ByteBuffer.wrap(bytes));
        if (count == 0) throw new EOFException(file.path() + " ended before byte " + position);
        send(count == some ? bytes : Arrays.copyOf(bytes, count));
        return count;
    }

    /** Cuts at random places; pieces arrive in order. */
    private void send(byte[] bytes) {
        SimulatedConnection to = peer;
        if (to == null) return;
        bytesUnderWay += bytes.length;
        simulation.trace(Arrays.hashCode(bytes));
        for (int at = 0; at < bytes.length; ) {
            int left = bytes.length - at;
            int some = random.chance(CUTS_A_PIECE) ? 1 + random.nextInt(left) : left;
            ByteBuffer piece = ByteBuffer.wrap(bytes, at, some);
            later(to, some, () -> to.arrive(piece));
            at += some;
        }
    }

    private void arrive(ByteBuffer piece) {
        if (!isClosed) {
            arrived.addLast(piece);
            readSoon();
        } else if (peer != null && !isGone) {
            later(peer, 0, peer::reset);
        }
    }

    /** Has something reach the other end behind all that is under way to it. */
    private void later(SimulatedConnection to, int bytes, Runnable what) {
        long delayNanos = links.delayNanos(host, to.host);
        if (delayNanos > 0) delayNanos += random.nextLong(delayNanos);
        to.lastArrivalNanos = Math.max(to.lastArrivalNanos, simulation.nowNanos() + delayNanos)
                + random.nextLong(MOST_NANOS_PER_PIECE)
                + links.nanosFor(host, to.host, bytes);
        simulation.after(to.lastArrivalNanos - simulation.nowNanos(), () -> arriveAt(to, what));
    }

    private void arriveAt(SimulatedConnection to, Runnable what) {
        if (isGone) return;
        if (held.isEmpty() && !links.isCut(host, to.host)) {
            what.run();
            return;
        }
        held.addLast(what);
        if (held.size() == 1) sendAgain(to, NANOS_TO_SEND_AGAIN);
    }

    private void sendAgain(SimulatedConnection to, long pauseNanos) {
        simulation.after(pauseNanos, () -> {
            if (isGone) held.clear();
            else if (links.isCut(host, to.host)) sendAgain(to, Math.min(2 * pauseNanos, MOST_NANOS_TO_SEND_AGAIN));
            else while (!held.isEmpty()) held.removeFirst().run();
        });
    }

    private void readSoon() {
        if (isReadDue || !canRead()) return;
        isReadDue = true;
        int movesBefore = moves;
        lane.execute(() -> {
            if (moves != movesBefore) return;
            isReadDue = false;
            if (!canRead() || events == null) return;
            events.onReadable();
            readSoon();
        });
    }

    private boolean canRead() {
        return !isClosed
                && !isMoving
                && wantsReads
                && peer != null
                && events != null
                && (!arrived.isEmpty() || peerEnded || broken != null);
    }

    private void writeSoon() {
        if (isWriteDue || !canWrite()) return;
        isWriteDue = true;
        int movesBefore = moves;
        lane.execute(() -> {
            if (moves != movesBefore) return;
            isWriteDue = false;
            if (!canWrite() || events == null) return;
            events.onWritable();
            writeSoon();
        });
    }

    private boolean canWrite() {
        return !isClosed
                && !isMoving
                && wantsWrites
                && peer != null
                && events != null
                && (bytesUnderWay < windowBytes || broken != null);
    }

    @Override
    public void wantReads(boolean wanted) {
        wantsReads = wanted;
        readSoon();
    }

    @Override
    public void wantWrites(boolean wanted) {
        wantsWrites = wanted;
        writeSoon();
    }

    @Override
    public void moveTo(Lane to, Runnable arrived) {
        requireLane();
        moves++;
        isMoving = true;
        isReadDue = false;
        isWriteDue = false;
        lane = to;
        simulation.trace(moves);
        to.execute(() -> {
            isMoving = false;
            arrived.run();
            readSoon();
            writeSoon();
        });
    }

    private void requireLane() {
        if (isMoving || !lane.isCurrent()) {
            throw new IllegalStateException("connection " + id + " is used off its lane " + lane.name());
        }
    }

    /** With bytes unread, the peer sees a reset instead of an end, as with TCP. */
    @Override
    public void close() {
        if (isClosed) return;
        isClosed = true;
        SimulatedConnection to = peer;
        if (to == null) return;
        boolean hasUnread = !arrived.isEmpty();
        later(to, 0, hasUnread ? to::reset : to::end);
    }

    private void end() {
        peerEnded = true;
        readSoon();
    }

    /** The peer is no more; what has arrived from it and was not read may be lost, too. */
    private void reset() {
        if (isClosed || broken != null) return;
        broken = "the connection was reset";
        if (random.nextBoolean()) arrived.clear();
        readSoon();
        writeSoon();
    }

    /** Breaks it between the ends; what is under way is lost. */
    void cut() {
        SimulatedConnection to = peer;
        if (isClosed || to == null) return;
        isGone = true;
        to.isGone = true;
        simulation.after(simulation.someNanos(MOST_NANOS_PER_PIECE), this::reset);
        simulation.after(simulation.someNanos(MOST_NANOS_PER_PIECE), to::reset);
    }

    /** Nothing comes through in either direction any more, and neither end is told. */
    void silence() {
        SimulatedConnection to = peer;
        if (isClosed || to == null) return;
        isGone = true;
        to.isGone = true;
    }

    /** This end's machine has no power: what is under way from it is lost, and the peer finds out after a while. */
    void vanish() {
        if (isClosed) return;
        isClosed = true;
        isGone = true;
        SimulatedConnection to = peer;
        if (to != null) simulation.after(simulation.someNanos(MOST_NANOS_OF_SILENCE), to::reset);
    }

    private void requireWritable() throws IOException {
        requireEstablished();
        if (broken != null) throw new IOException(broken);
    }

    private SimulatedConnection requireEstablished() throws IOException {
        requireLane();
        SimulatedConnection other = peer;
        if (isClosed || other == null) throw new IOException("connection " + id + " is not open");
        return other;
    }
}
