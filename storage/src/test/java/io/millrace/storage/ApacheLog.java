package io.millrace.storage;

import java.io.File;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Delayed;
import java.util.concurrent.FutureTask;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.common.utils.Time;
import org.apache.kafka.server.util.Scheduler;
import org.apache.kafka.storage.internals.log.LogConfig;
import org.apache.kafka.storage.internals.log.LogDirFailureChannel;
import org.apache.kafka.storage.internals.log.ProducerStateManagerConfig;
import org.apache.kafka.storage.internals.log.UnifiedLog;
import org.apache.kafka.storage.log.metrics.BrokerTopicStats;

/** Apache's own log on a real directory, as the oracle. */
final class ApacheLog {
    private ApacheLog() {}

    static UnifiedLog open(Path directory, Map<String, String> config, long recoveryPoint, boolean clean)
            throws IOException {
        return UnifiedLog.create(
                directory.toFile(),
                new LogConfig(config),
                0L,
                recoveryPoint,
                new AtOnce(),
                new BrokerTopicStats(),
                Time.SYSTEM,
                60_000,
                new ProducerStateManagerConfig(86_400_000, false),
                600_000,
                new LogDirFailureChannel(1),
                clean,
                Optional.empty());
    }

    static File file(Path directory, String name) {
        return directory.resolve(name).toFile();
    }

    /** Runs what is due at once, and never what is due later. */
    private static final class AtOnce implements Scheduler {
        @Override
        public void startup() {}

        @Override
        public void shutdown() {}

        @Override
        public ScheduledFuture<?> schedule(String name, Runnable task, long delayMs, long periodMs) {
            if (delayMs == 0 && periodMs < 0) task.run();
            return new NeverDue();
        }

        @Override
        public void resizeThreadPool(int size) {}
    }

    private static final class NeverDue extends FutureTask<Object> implements ScheduledFuture<Object> {
        NeverDue() {
            super(() -> "never");
        }

        @Override
        public long getDelay(TimeUnit unit) {
            return Long.MAX_VALUE;
        }

        @Override
        public int compareTo(Delayed other) {
            return Long.compare(getDelay(TimeUnit.MILLISECONDS), other.getDelay(TimeUnit.MILLISECONDS));
        }
    }
}
