package io.millrace.storage;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.millrace.testkit.Property;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.kafka.storage.internals.checkpoint.LeaderEpochCheckpointFile;
import org.apache.kafka.storage.internals.epoch.LeaderEpochFileCache;
import org.apache.kafka.storage.internals.log.LogDirFailureChannel;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LeaderEpochsTest {
    @TempDir
    @SuppressWarnings("NullAway.Init")
    Path temporary;

    /** Apache's cache, told the same, is asked the same. */
    @Test
    void everyAnswerIsApaches() {
        AtomicInteger run = new AtomicInteger();
        Property.check(60, random -> {
            var file = temporary.resolve("epochs" + run.getAndIncrement()).toFile();
            var theirs = new LeaderEpochFileCache(
                    new org.apache.kafka.common.TopicPartition("orders", 3),
                    new LeaderEpochCheckpointFile(file, new LogDirFailureChannel(1)),
                    new org.apache.kafka.server.util.KafkaScheduler(1));
            LeaderEpochs ours = new LeaderEpochs();
            long end = 0;
            int epoch = 0;
            for (int i = 0; i < 15; i++) {
                epoch += random.nextInt(1, 4);
                end += random.nextInt(20);
                ours.assign(epoch, end);
                theirs.assign(epoch, end);
                if (random.chance(0.15)) {
                    long start = random.nextLong(end + 1);
                    ours.truncateFromStart(start);
                    theirs.truncateFromStartAsyncFlush(start);
                }
                if (random.chance(0.15)) {
                    long cut = random.nextLong(end + 1);
                    ours.truncateFromEnd(cut);
                    theirs.truncateFromEndAsyncFlush(cut);
                    end = cut;
                }
                assertEquals(
                        theirs.epochEntries().stream()
                                .map(entry -> new LeaderEpochs.Entry(entry.epoch(), entry.startOffset()))
                                .toList(),
                        ours.entries());
                long logEnd = end + 3;
                for (int asked = 0; asked <= epoch + 1; asked++) {
                    var found = theirs.endOffsetFor(asked, logEnd);
                    assertEquals(
                            found.getValue() < 0 ? "none" : found.getKey() + "@" + found.getValue(),
                            ours.endOffsetFor(asked, logEnd)
                                    .map(answer -> answer.leaderEpoch() + "@" + answer.offset())
                                    .orElse("none"));
                }
                for (long offset = 0; offset < logEnd; offset += 3)
                    assertEquals(theirs.epochForOffset(offset).orElse(-1), ours.epochAt(offset));
            }
        });
    }
}
