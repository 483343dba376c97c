package io.millrace.storage;

/**
 * How much memory one compaction may use.
 *
 * @param mapBytes   for the map of keys: its share of {@code log.cleaner.dedupe.buffer.size}
 * @param loadFactor how full the map may become: {@code log.cleaner.io.buffer.load.factor}
 * @param ioBytes    for reading, and as much again for writing; a larger batch makes its buffer grow
 */
public record CompactionLimits(long mapBytes, double loadFactor, int ioBytes) {}
