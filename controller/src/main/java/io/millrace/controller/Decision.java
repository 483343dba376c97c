package io.millrace.controller;

import io.millrace.metadata.VersionedRecord;
import java.util.List;

/**
 * What the controller decided.
 *
 * @param records  to be appended to the metadata log and replayed, in this order; often none
 * @param response to be sent once the records are committed; at once if there are none and nothing the decision saw is still uncommitted
 * @param isAtomic the records count together or not at all, so they go into one batch; otherwise they may be parted anywhere, because any first part of them
 *                 leaves the cluster well and the rest will be decided again
 */
public record Decision<R>(List<VersionedRecord> records, R response, boolean isAtomic) {
    /**
     * The most records one request of a user may lead to, so that an atomic decision fits a batch. At about 150 bytes for a partition of three replicas it stays
     * far below Kafka's 8 MiB for a batch of the metadata log.
     */
    public static final int MAX_RECORDS_PER_USER_OPERATION = 10_000;

    public Decision {
        records = List.copyOf(records);
    }

    /** All or nothing. */
    public static <R> Decision<R> atomic(List<VersionedRecord> records, R response) {
        return new Decision<>(records, response, true);
    }

    /** May be parted. */
    public static <R> Decision<R> inParts(List<VersionedRecord> records, R response) {
        return new Decision<>(records, response, false);
    }

    /** Only an answer. */
    public static <R> Decision<R> answer(R response) {
        return new Decision<>(List.of(), response, true);
    }
}
