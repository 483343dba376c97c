package io.millrace.records;

/** Everything a batch header says, for writing one; {@code sizeBytes} is the whole batch's. */
record BatchFields(
        long baseOffset,
        int sizeBytes,
        int partitionLeaderEpoch,
        Compression compression,
        TimestampType timestampType,
        boolean isTransactional,
        boolean isControl,
        boolean hasDeleteHorizon,
        int lastOffsetDelta,
        long baseTimestamp,
        long maxTimestamp,
        long producerId,
        short producerEpoch,
        int baseSequence,
        int recordCount) {}
