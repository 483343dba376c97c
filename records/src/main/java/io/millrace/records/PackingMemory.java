package io.millrace.records;

/**
 * Memory that one batch after another is packed in ({@link BatchBuilder#build(PackingMemory)}): as much as the largest of them took,
 * within a bound. For one thread at a time.
 */
public final class PackingMemory {
    /** An array beyond this is not kept: one huge batch must not cost its size for ever. */
    static final int KEPT_BYTES = 1024 * 1024;

    private static final byte[] NOTHING = new byte[0];

    private byte[] idle = NOTHING;

    /** None yet. */
    public PackingMemory() {}

    /** At least so many bytes, with anything in them. */
    byte[] take(int bytes) {
        byte[] taken = idle;
        idle = NOTHING;
        return taken.length >= bytes ? taken : new byte[bytes];
    }

    /** Takes one back, grown or not, that nothing is in use of any more. */
    void keep(byte[] array) {
        if (array.length <= KEPT_BYTES) idle = array;
    }
}
