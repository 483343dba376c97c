package io.millrace.host;

import io.millrace.environment.Randomness;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import org.jspecify.annotations.Nullable;

/**
 * Unpredictable numbers from the kernel, read a block at a time. Safe to use from any thread.
 *
 * <p>The kernel's source is read directly, because loading the JDK's security providers would cost a noticeable part of
 * the start-up time; where there is no such file, the JDK's {@link SecureRandom} steps in.
 */
public final class HostRandomness implements Randomness {
    private static final Path KERNEL_SOURCE = Path.of("/dev/urandom");
    private static final int BLOCK_BYTES = 512;

    private final ByteBuffer block = ByteBuffer.allocate(BLOCK_BYTES).limit(0);
    private @Nullable SecureRandom fallback;

    /** Makes one; nothing is read until the first number is wanted. */
    public HostRandomness() {}

    @Override
    public synchronized long nextLong() {
        if (!block.hasRemaining()) refill();
        return block.getLong();
    }

    @Override
    public int nextInt(int bound) {
        if (bound < 1) throw new IllegalArgumentException("bound " + bound + " is below 1");
        // 63 random bits modulo 31: the bias is below 2^-32.
        return (int) ((nextLong() >>> 1) % bound);
    }

    private void refill() {
        block.clear();
        if (fallback == null) {
            try (InputStream source = Files.newInputStream(KERNEL_SOURCE)) {
                if (source.readNBytes(block.array(), 0, BLOCK_BYTES) == BLOCK_BYTES) return;
            } catch (IOException notHere) {
                // A platform without the file: the JDK knows its source.
            }
            fallback = new SecureRandom();
        }
        fallback.nextBytes(block.array());
    }
}
