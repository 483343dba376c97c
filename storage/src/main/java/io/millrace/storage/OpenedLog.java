package io.millrace.storage;

import io.millrace.protocol.Uuid;
import io.millrace.records.TopicPartition;
import org.jspecify.annotations.Nullable;

/** A log as recovery hands it over. */
record OpenedLog(
        LogFolder folder,
        TopicPartition partition,
        @Nullable Uuid topicId,
        LogConfig config,
        ProducerStateConfig producerConfig,
        Segments segments,
        LeaderEpochs epochs,
        ProducerStates producers,
        ProducerSnapshots snapshots,
        long logStartOffset,
        long logEndOffset,
        long recoveryPoint,
        RecoveryReport report) {}
