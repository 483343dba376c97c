package io.millrace.replication.run;

import io.millrace.records.OffsetAndEpoch;
import io.millrace.replication.ReplicaLog;
import io.millrace.storage.PartitionLog;
import java.util.Optional;

/** A log of the disk, as those who decide see it. */
record LogView(PartitionLog log) implements ReplicaLog {
    @Override
    public long logStartOffset() {
        return log.logStartOffset();
    }

    @Override
    public long logEndOffset() {
        return log.logEndOffset();
    }

    @Override
    public int latestEpoch() {
        return log.latestEpoch();
    }

    @Override
    public Optional<OffsetAndEpoch> endOffsetForEpoch(int epoch) {
        return log.endOffsetForEpoch(epoch);
    }
}
