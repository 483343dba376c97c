package io.millrace.storage.compaction;

/**
 * The last that a log knows of a producer, which has to outlive compaction: its sequence goes on from there.
 *
 * @param lastOffset of its last data batch; -1 if only a marker is known
 * @param epoch      its epoch
 */
public record LastOfProducer(long lastOffset, short epoch) {}
