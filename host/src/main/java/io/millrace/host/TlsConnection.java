package io.millrace.host;

import io.millrace.environment.Connection;
import io.millrace.environment.ConnectionEvents;
import io.millrace.environment.DiskFile;
import io.millrace.environment.Lane;
import io.millrace.environment.TlsRefused;
import java.io.EOFException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.Objects;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/**
 * TLS on a connection, by the JDK's engine, which computes and knows no socket. Either side's engine will do. What of a handshake takes long
 * (signatures, chains of certificates) is done by a helper; the owner hears {@code onConnected} when the handshake is over. All calls come
 * from the connection's lane.
 *
 * <p>A socket tells of bytes that came; what was decrypted and not taken yet it knows nothing of, so that {@link #readOn} tells the owner of it.
 */
final class TlsConnection implements Connection, ConnectionEvents {
    private static final int MAX_TRANSFER_BYTES = 16 * 1024;
    private static final ByteBuffer[] NOTHING = {ByteBuffer.allocate(0)};

    private final SSLEngine engine;
    private final String peer;
    private final ConnectionEvents owner;
    private Lane lane;
    private @Nullable Connection below;

    /** From the peer, to be decrypted; from 0 to its position. */
    private ByteBuffer encryptedIn;
    /** Decrypted and not taken yet, from position to limit. */
    private ByteBuffer plainIn;
    /** Encrypted and not sent yet, from position to limit. */
    private ByteBuffer encryptedOut;

    private boolean isEstablished;
    /** Whether a byte of the peer's owner has come. */
    private boolean hasHeard;

    private boolean isWorking;
    private boolean isClosed;
    private boolean isAtEnd;
    private boolean isEndTold;
    private boolean isReadOnAsked;
    /** Whether the last read ended for want of room, and not for want of bytes. */
    private boolean mayHaveMore;

    private boolean readsWanted = true;
    private boolean writesWanted;

    TlsConnection(SSLEngine engine, String peer, Lane lane, ConnectionEvents owner) {
        this.engine = engine;
        this.peer = peer;
        this.lane = lane;
        this.owner = owner;
        int packetBytes = engine.getSession().getPacketBufferSize();
        encryptedIn = ByteBuffer.allocate(packetBytes);
        encryptedOut = ByteBuffer.allocate(packetBytes).limit(0);
        plainIn = ByteBuffer.allocate(engine.getSession().getApplicationBufferSize())
                .limit(0);
    }

    /** The connection that carries the bytes; said once, before it tells anything. */
    void runOn(Connection carrier) {
        below = carrier;
    }

    private Connection carrier() {
        return Objects.requireNonNull(below, "no connection below");
    }

    @Override
    public void onConnected() {
        if (isClosed) return;
        try {
            engine.beginHandshake();
            shakeHands();
        } catch (IOException e) {
            fail(e);
        }
    }

    /** Goes on with the handshake as far as it goes without waiting. */
    private void shakeHands() throws IOException {
        while (!isClosed && !isWorking) {
            switch (engine.getHandshakeStatus()) {
                case NEED_TASK -> {
                    work();
                    return;
                }
                case NEED_WRAP -> {
                    if (!flush()) return;
                    wrap(NOTHING, 0, 1);
                    if (!flush()) return;
                    if (engine.isOutboundDone() && engine.isInboundDone()) throw new EOFException("TLS was ended");
                }
                case NEED_UNWRAP, NEED_UNWRAP_AGAIN -> {
                    if (!unwrapHandshake()) return;
                }
                case FINISHED, NOT_HANDSHAKING -> {
                    if (!flush()) return;
                    established();
                    return;
                }
            }
        }
    }

    /** False if more bytes have to come first. */
    private boolean unwrapHandshake() throws IOException {
        SSLEngineResult.Status status = unwrap(plainBuffer());
        plainIn.flip();
        if (status == SSLEngineResult.Status.BUFFER_OVERFLOW) {
            plainIn = grown(plainIn, engine.getSession().getApplicationBufferSize());
            return true;
        }
        if (status == SSLEngineResult.Status.CLOSED) throw new EOFException("the peer ended TLS while shaking hands");
        if (status == SSLEngineResult.Status.OK) return true;
        int readBytes = receive();
        if (readBytes < 0) throw new EOFException("the peer ended the connection while shaking hands");
        return readBytes > 0;
    }

    /** The plain buffer, ready to be filled behind what is in it. */
    private ByteBuffer plainBuffer() {
        return plainIn.compact();
    }

    private static ByteBuffer grown(ByteBuffer full, int leastFreeBytes) {
        ByteBuffer larger = ByteBuffer.allocate(full.remaining() + leastFreeBytes);
        return larger.put(full).flip();
    }

    /** Has a helper do what takes long. */
    private void work() {
        Runnable first = engine.getDelegatedTask();
        if (first == null) return;
        isWorking = true;
        carrier().wantReads(false); // What comes meanwhile waits in the socket.
        lane.<Boolean>offload(
                () -> {
                    for (Runnable task = first; task != null; task = engine.getDelegatedTask()) task.run();
                    return true;
                },
                outcome -> {
                    isWorking = false;
                    if (isClosed) return;
                    carrier().wantReads(!isEstablished || readsWanted);
                    try {
                        if (outcome instanceof Lane.Outcome.Failed<Boolean>(Exception cause))
                            throw new IOException("TLS could not be computed: " + cause.getMessage(), cause);
                        if (isEstablished) readOn();
                        else shakeHands();
                    } catch (IOException e) {
                        fail(e);
                    }
                });
    }

    private void established() {
        isEstablished = true;
        carrier().wantReads(readsWanted);
        carrier().wantWrites(writesWanted);
        mayHaveMore = true; // Bytes behind the handshake may have come with it.
        owner.onConnected();
        readOn();
    }

    /** Tells the owner, in a task of its own, that there is something to read that the socket does not know of. */
    private void readOn() {
        boolean isThere =
                plainIn.hasRemaining() || (mayHaveMore && encryptedIn.position() > 0) || (isAtEnd && !isEndTold);
        if (!isThere || !readsWanted || isReadOnAsked || isClosed || !isEstablished) return;
        isReadOnAsked = true;
        lane.execute(() -> {
            isReadOnAsked = false;
            if (isClosed || !readsWanted) return;
            owner.onReadable();
            readOn();
        });
    }

    @Override
    public void onReadable() {
        if (isClosed) return;
        if (isEstablished) {
            owner.onReadable();
            readOn();
            return;
        }
        try {
            shakeHands();
        } catch (IOException e) {
            fail(e);
        }
    }

    @Override
    public void onWritable() {
        if (isClosed) return;
        try {
            if (!flush()) return;
            if (!isEstablished) {
                shakeHands();
                return;
            }
            carrier().wantWrites(writesWanted);
            if (writesWanted) owner.onWritable();
        } catch (IOException e) {
            fail(e);
        }
    }

    @Override
    public void onClosed(@Nullable IOException cause) {
        if (isClosed) return;
        isClosed = true;
        owner.onClosed(cause);
    }

    private void fail(IOException cause) {
        if (isClosed) return;
        close();
        owner.onClosed(named(cause));
    }

    private IOException named(IOException cause) {
        if (!(cause instanceof SSLException) && isEstablished) return cause;
        String sentence = peer + ": no TLS: " + cause.getMessage();
        // In TLS 1.3 a client has shaken hands before it hears that its certificate is not taken.
        boolean isRefused = cause instanceof SSLException && !hasHeard;
        return isRefused ? new TlsRefused(sentence, cause) : new IOException(sentence, cause);
    }

    @Override
    public int read(ByteBuffer into) throws IOException {
        int before = into.position();
        mayHaveMore = true;
        try {
            while (into.hasRemaining()) {
                if (plainIn.hasRemaining()) {
                    take(into);
                    continue;
                }
                if (isAtEnd || !decrypt()) {
                    mayHaveMore = false;
                    break;
                }
            }
        } catch (IOException e) {
            throw named(e);
        }
        int readBytes = into.position() - before;
        if (readBytes > 0 || !isAtEnd) return readBytes;
        isEndTold = true;
        return -1;
    }

    private void take(ByteBuffer into) {
        hasHeard = true;
        int takenBytes = Math.min(into.remaining(), plainIn.remaining());
        into.put(into.position(), plainIn, plainIn.position(), takenBytes);
        into.position(into.position() + takenBytes);
        plainIn.position(plainIn.position() + takenBytes);
    }

    /** Decrypts one more record, if its bytes are there; false if they are not, or something has to be computed first. */
    private boolean decrypt() throws IOException {
        while (true) {
            if (isWorking) return false;
            SSLEngineResult.Status status = unwrap(plainBuffer());
            plainIn.flip();
            switch (status) {
                case OK -> {
                    // Tickets and new keys come between the records (TLS 1.3).
                    HandshakeStatus handshake = engine.getHandshakeStatus();
                    if (handshake == HandshakeStatus.NEED_TASK) work();
                    else if (handshake == HandshakeStatus.NEED_WRAP && flush()) {
                        wrap(NOTHING, 0, 1);
                        if (!flush()) carrier().wantWrites(true);
                    }
                    return true;
                }
                case BUFFER_OVERFLOW ->
                    plainIn = grown(plainIn, engine.getSession().getApplicationBufferSize());
                case CLOSED -> {
                    isAtEnd = true;
                    return false;
                }
                case BUFFER_UNDERFLOW -> {
                    int readBytes = receive();
                    if (readBytes < 0) isAtEnd = true;
                    if (readBytes <= 0) return false;
                }
            }
        }
    }

    private SSLEngineResult.Status unwrap(ByteBuffer into) throws SSLException {
        encryptedIn.flip();
        try {
            return engine.unwrap(encryptedIn, into).getStatus();
        } finally {
            encryptedIn.compact();
        }
    }

    private int receive() throws IOException {
        if (!encryptedIn.hasRemaining()) {
            int packetBytes = engine.getSession().getPacketBufferSize();
            if (encryptedIn.capacity() >= 2 * packetBytes) throw new SSLException("a record is larger than TLS allows");
            encryptedIn = ByteBuffer.allocate(2 * packetBytes).put(encryptedIn.flip());
        }
        return carrier().read(encryptedIn);
    }

    @Override
    public long write(ByteBuffer[] from, int offset, int length) throws IOException {
        if (!isEstablished) return 0;
        long takenBytes = 0;
        try {
            while (flush()) {
                if (!isAnyLeft(from, offset, length)) break;
                long wrappedBytes = wrap(from, offset, length);
                if (wrappedBytes == 0 && !encryptedOut.hasRemaining()) break;
                takenBytes += wrappedBytes;
            }
        } catch (IOException e) {
            throw named(e);
        }
        return takenBytes;
    }

    private static boolean isAnyLeft(ByteBuffer[] from, int offset, int length) {
        for (int i = offset; i < offset + length; i++) if (from[i].hasRemaining()) return true;
        return false;
    }

    /** Encrypts one record into the empty buffer of what is to be sent. */
    private int wrap(ByteBuffer[] from, int offset, int length) throws IOException {
        encryptedOut.clear();
        SSLEngineResult result = engine.wrap(from, offset, length, encryptedOut);
        if (result.getStatus() == SSLEngineResult.Status.BUFFER_OVERFLOW) {
            encryptedOut = ByteBuffer.allocate(2 * engine.getSession().getPacketBufferSize());
            result = engine.wrap(from, offset, length, encryptedOut);
        }
        encryptedOut.flip();
        if (result.getStatus() == SSLEngineResult.Status.CLOSED && result.bytesProduced() == 0 && isEstablished)
            throw new EOFException("TLS has been ended");
        return result.bytesConsumed();
    }

    /** Sends what is encrypted; false if some is left, which then goes when the socket takes it. */
    private boolean flush() throws IOException {
        if (!encryptedOut.hasRemaining()) return true;
        carrier().write(new ByteBuffer[] {encryptedOut}, 0, 1);
        boolean isSent = !encryptedOut.hasRemaining();
        if (!isSent) carrier().wantWrites(true);
        else if (!writesWanted) carrier().wantWrites(false);
        return isSent;
    }

    @Override
    public long transferFrom(DiskFile file, long position, long byteCount) throws IOException {
        if (byteCount < 1) throw new IllegalArgumentException("cannot transfer " + byteCount + " bytes");
        if (!isEstablished || !flush()) return 0;
        ByteBuffer bytes = ByteBuffer.allocate((int) Math.min(MAX_TRANSFER_BYTES, byteCount));
        if (file.read(position, bytes) == 0)
            throw new EOFException(file.path() + ": the file ends before byte " + position);
        bytes.flip();
        return write(new ByteBuffer[] {bytes}, 0, 1);
    }

    @Override
    public long id() {
        return carrier().id();
    }

    @Override
    public InetSocketAddress localAddress() {
        return carrier().localAddress();
    }

    @Override
    public InetSocketAddress remoteAddress() {
        return carrier().remoteAddress();
    }

    @Override
    public void wantReads(boolean wanted) {
        readsWanted = wanted;
        if (!isEstablished) return; // The handshake reads whatever its owner wants.
        carrier().wantReads(wanted && !isWorking);
        if (wanted) readOn();
    }

    @Override
    public void wantWrites(boolean wanted) {
        writesWanted = wanted;
        if (isEstablished) carrier().wantWrites(wanted || encryptedOut.hasRemaining());
    }

    @Override
    public void moveTo(Lane to, Runnable arrived) {
        if (isWorking) throw new IllegalStateException("a connection that a helper works for stays on its lane");
        lane = to;
        isReadOnAsked = false;
        carrier().moveTo(to, () -> {
            arrived.run();
            readOn();
        });
    }

    /** {@inheritDoc} The peer is told that no more comes, if the socket takes that now. */
    @Override
    public void close() {
        if (isClosed) return;
        isClosed = true;
        Connection carrier = below;
        if (carrier == null) return;
        if (isEstablished && !isWorking && !encryptedOut.hasRemaining()) {
            try {
                engine.closeOutbound();
                encryptedOut.clear();
                engine.wrap(NOTHING[0], encryptedOut);
                encryptedOut.flip();
                carrier.write(new ByteBuffer[] {encryptedOut}, 0, 1);
            } catch (IOException goneAlready) {
                // It is closed for the peer either way, by the socket.
                carrier.close();
                return;
            }
        }
        carrier.close();
    }
}
