package io.millrace.client.consumer;

import io.millrace.protocol.ErrorCode;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import java.util.function.IntSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Lets one thread at a time use a consumer, has it wait for news, and wakes it up. */
final class UserThread {
    private static final Duration FOREVER = Duration.ofMillis(Long.MAX_VALUE / 4 / 1_000_000);

    private final Mailbox mailbox;
    private final Supplier<@Nullable String> loginRefusal;
    private final AtomicReference<@Nullable Thread> user = new AtomicReference<>();
    private volatile boolean isWakeupWanted;
    private volatile boolean isClosed;
    private volatile @Nullable Throwable broken;
    /** Whether the application is reading records where they lie, which must not be moved meanwhile. The user's. */
    private boolean isReading;

    /**
     * For nobody yet.
     *
     * @param loginRefusal why a broker did not let this client in, told once; null for nothing
     */
    UserThread(Mailbox mailbox, Supplier<@Nullable String> loginRefusal) {
        this.mailbox = mailbox;
        this.loginRefusal = loginRefusal;
    }

    /**
     * Does something that is nobody else's meanwhile.
     *
     * @throws java.util.ConcurrentModificationException if another thread is in here
     * @throws IllegalStateException if the consumer is closed or broken, or this thread is within {@link #read}
     */
    <T> T use(Supplier<T> what) {
        Thread current = Thread.currentThread();
        boolean isNested = user.get() == current;
        if (!isNested && !user.compareAndSet(null, current)) {
            throw new java.util.ConcurrentModificationException(
                    "another thread is using the consumer; only wakeup() may be called beside it");
        }
        if (isNested && isReading)
            throw new IllegalStateException("a reader of records cannot use the consumer; it has to return first");
        try {
            requireOpen();
            return what.get();
        } finally {
            if (!isNested) user.set(null);
        }
    }

    /** Has the application read records; it may not use the consumer meanwhile. */
    int read(IntSupplier what) {
        isReading = true;
        try {
            return what.getAsInt();
        } finally {
            isReading = false;
        }
    }

    /**
     * Waits until it is so, looking whenever there are news; false if it is not so in time.
     *
     * @throws ConsumerFailure if a broker does not let this client in, which no waiting mends
     */
    boolean await(long deadlineNanos, BooleanSupplier isSo) {
        while (true) {
            requireOpen();
            if (isWakeupWanted) {
                isWakeupWanted = false;
                throw new WokenUp();
            }
            if (isSo.getAsBoolean()) return true;
            String refused = loginRefusal.get();
            if (refused != null) throw new ConsumerFailure(ErrorCode.SASL_AUTHENTICATION_FAILED, refused);
            if (deadlineNanos - System.nanoTime() <= 0) return false;
            try {
                mailbox.await(deadlineNanos);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new ConsumerFailure(ErrorCode.NETWORK_EXCEPTION, "interrupted while waiting");
            }
        }
    }

    private void requireOpen() {
        Throwable cause = broken;
        if (cause != null) throw new IllegalStateException("the consumer is broken: " + cause, cause);
        if (isClosed) throw new IllegalStateException("the consumer has been closed");
    }

    /** Has it, or the next one that waits, throw {@link WokenUp}; any thread may call it. */
    void wakeUp() {
        isWakeupWanted = true;
        mailbox.tell();
    }

    /** Nothing can be done any more; the lane says so. */
    void broke(Throwable cause) {
        broken = cause;
        mailbox.tell();
    }

    boolean isBroken() {
        return broken != null;
    }

    /** Nothing is to be done any more. */
    void close() {
        isClosed = true;
    }

    boolean isClosed() {
        return isClosed;
    }

    /** When that time from now is over, of {@link System#nanoTime}. */
    static long deadlineNanos(Duration timeout) {
        Duration bounded = timeout.compareTo(FOREVER) >= 0 ? FOREVER : timeout;
        return System.nanoTime() + Math.max(0, bounded.toNanos());
    }

    /** How long it is until then, at least 0. */
    static long leftMs(long deadlineNanos) {
        return Math.max(0, TimeUnit.NANOSECONDS.toMillis(deadlineNanos - System.nanoTime()));
    }
}
