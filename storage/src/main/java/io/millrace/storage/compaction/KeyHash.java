package io.millrace.storage.compaction;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * SipHash-2-4 of 128 bits over a record's key, under a secret of its own for every compaction: nobody can make two keys that
 * it takes for one, as one can for a hash without a secret, and by chance it does so once in 2^85 pairs of compactions of a
 * million keys. One hash serves one thread; {@link #of} leaves its result in {@link #high} and {@link #low}.
 */
final class KeyHash {
    private static final VarHandle LONGS = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    private final long secret0;
    private final long secret1;
    private byte[] copy = new byte[64];
    private long v0;
    private long v1;
    private long v2;
    private long v3;
    private long low;
    private long high;

    KeyHash(long secret0, long secret1) {
        this.secret0 = secret0;
        this.secret1 = secret1;
    }

    void of(ByteBuffer bytes, int at, int sizeBytes) {
        if (bytes.hasArray()) {
            of(bytes.array(), bytes.arrayOffset() + at, sizeBytes);
            return;
        }
        if (copy.length < sizeBytes) copy = new byte[sizeBytes];
        bytes.get(at, copy, 0, sizeBytes);
        of(copy, 0, sizeBytes);
    }

    void of(byte[] bytes, int at, int sizeBytes) {
        v0 = secret0 ^ 0x736f6d6570736575L;
        v1 = secret1 ^ 0x646f72616e646f6dL ^ 0xee;
        v2 = secret0 ^ 0x6c7967656e657261L;
        v3 = secret1 ^ 0x7465646279746573L;
        int words = sizeBytes >>> 3;
        for (int i = 0; i < words; i++) mix((long) LONGS.get(bytes, at + (i << 3)));
        long last = (long) sizeBytes << 56;
        for (int i = words << 3; i < sizeBytes; i++) last |= (bytes[at + i] & 0xffL) << ((i & 7) << 3);
        mix(last);
        v2 ^= 0xee;
        for (int i = 0; i < 4; i++) round();
        low = v0 ^ v1 ^ v2 ^ v3;
        v1 ^= 0xdd;
        for (int i = 0; i < 4; i++) round();
        high = v0 ^ v1 ^ v2 ^ v3;
    }

    private void mix(long word) {
        v3 ^= word;
        round();
        round();
        v0 ^= word;
    }

    private void round() {
        v0 += v1;
        v1 = Long.rotateLeft(v1, 13) ^ v0;
        v0 = Long.rotateLeft(v0, 32);
        v2 += v3;
        v3 = Long.rotateLeft(v3, 16) ^ v2;
        v0 += v3;
        v3 = Long.rotateLeft(v3, 21) ^ v0;
        v2 += v1;
        v1 = Long.rotateLeft(v1, 17) ^ v2;
        v2 = Long.rotateLeft(v2, 32);
    }

    long low() {
        return low;
    }

    long high() {
        return high;
    }
}
