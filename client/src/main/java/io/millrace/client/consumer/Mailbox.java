package io.millrace.client.consumer;

import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/** Where the one thread of the application waits for news of the lane. Telling it never waits. */
final class Mailbox {
    private volatile boolean hasNews;
    private volatile @Nullable Thread waiter;

    void tell() {
        hasNews = true;
        Thread waiting = waiter;
        if (waiting != null) LockSupport.unpark(waiting);
    }

    /** Waits until something was told since the last time, or until that moment of {@link System#nanoTime}. */
    void await(long deadlineNanos) throws InterruptedException {
        waiter = Thread.currentThread();
        try {
            for (long left = deadlineNanos - System.nanoTime();
                    !hasNews && left > 0;
                    left = deadlineNanos - System.nanoTime()) {
                if (Thread.interrupted()) throw new InterruptedException();
                LockSupport.parkNanos(this, left);
            }
        } finally {
            waiter = null;
            hasNews = false;
        }
    }
}
