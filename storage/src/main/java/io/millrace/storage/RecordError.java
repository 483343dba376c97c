package io.millrace.storage;

/**
 * Why one record of a batch was refused (KIP-467).
 *
 * @param batchIndex place of the record in its batch, from 0
 * @param message    for the producer's log
 */
public record RecordError(int batchIndex, String message) {}
