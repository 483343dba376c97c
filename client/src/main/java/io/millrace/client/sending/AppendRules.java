package io.millrace.client.sending;

import io.millrace.records.Compression;

/**
 * How records are gathered.
 *
 * @param batchBytes size of a batch, {@code batch.size}, from 0; a larger record gets a batch of its own
 * @param maxRequestBytes largest batch before compression, {@code max.request.size}
 * @param level one that the codec has
 */
public record AppendRules(int batchBytes, int maxRequestBytes, Compression compression, int level) {
    /** Checks the ranges. */
    public AppendRules {
        if (batchBytes < 0) throw new IllegalArgumentException("batch.size is " + batchBytes + ", below 0");
        if (maxRequestBytes < 0) throw new IllegalArgumentException("max.request.size is " + maxRequestBytes);
        if (!compression.isLevel(level)) throw new IllegalArgumentException(compression + " has no level " + level);
    }
}
