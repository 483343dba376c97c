package io.millrace.environment;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;

/**
 * One end of a byte stream to a peer. It belongs to the lane it was accepted or opened on: every call and every call-back
 * happens there. Reads and writes never block; they do what can be done now, and {@link ConnectionEvents} tell when more
 * can be done.
 */
public interface Connection {
    /** Numbers the connections of one transport, from 1. */
    long id();

    /** Our end. */
    InetSocketAddress localAddress();

    /** The peer's end. */
    InetSocketAddress remoteAddress();

    /**
     * Reads what is there.
     *
     * @return bytes read; 0 if there are none now; -1 once the peer has ended its stream
     */
    int read(ByteBuffer into) throws IOException;

    /**
     * Writes what can be taken now, in one gathering write.
     *
     * @return bytes taken, from 0
     */
    long write(ByteBuffer[] from, int offset, int length) throws IOException;

    /**
     * Writes bytes of a file without bringing them into user space where the platform can.
     *
     * @param position first byte of the file
     * @param byteCount how many, at least 1; all of them must be in the file
     * @return bytes taken, from 0
     */
    long transferFrom(DiskFile file, long position, long byteCount) throws IOException;

    /** Whether {@link ConnectionEvents#onReadable} is wanted; it is at first. Not reading is how back-pressure is made. */
    void wantReads(boolean wanted);

    /** Whether {@link ConnectionEvents#onWritable} is wanted; it is not at first. */
    void wantWrites(boolean wanted);

    /**
     * Gives an established connection to another lane. Once this is called, this lane calls nothing of it and is told nothing of
     * it any more; on the other lane {@code arrived} runs first, and events follow. What the peer sends or does
     * meanwhile is told there.
     *
     * @param to another lane of the same transport; if it has stopped, the connection is closed
     */
    void moveTo(Lane to, Runnable arrived);

    /** Ends the connection at once, in both directions; {@link ConnectionEvents#onClosed} is not called for it. */
    void close();
}
