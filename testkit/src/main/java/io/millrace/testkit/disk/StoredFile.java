package io.millrace.testkit.disk;

import java.nio.ByteBuffer;

/** A file of a {@link SimulatedDisk}, looked at from outside. It is the same object whatever the file is called and whatever it holds. */
public sealed interface StoredFile permits FileContent {
    /** The bytes that programs see now, from 0 to the limit. They are the disk's own: not to be written to, nor kept beyond the next change. */
    ByteBuffer bytes();

    /** How often anything but growing has happened to it: while this number stays, the bytes that were there are as they were. */
    long rewriteCount();
}
