package io.millrace.replication.run;

import io.millrace.records.OffsetAndEpoch;
import io.millrace.replication.ReplicaLog;
import io.millrace.storage.PartitionLog;
import java.util.Optional;
import java.util.function.Supplier;

/** A log of the disk, as those who decide see it; another one once the replica has moved to another directory. */
record LogView(Supplier<PartitionLog> now) implements ReplicaLog {
    private PartitionLog log() {
        return now.get();
    }

    @Override
    public long logStartOffset() {
        return log().logStartOffset();
    }

    @Override
    public long logEndOffset() {
        return log().logEndOffset();
    }

    @Override
    public int latestEpoch() {
        return log().latestEpoch();
    }

    @Override
    public Optional<OffsetAndEpoch> endOffsetForEpoch(int epoch) {
        return log().endOffsetForEpoch(epoch);
    }
}
