package io.millrace.client.worker;

/**
 * What workers have done, and are about.
 *
 * @param running records that are being handled
 * @param held records that were polled and are not finished, those included
 * @param handled records whose handler returned
 * @param failures handlers that threw; a record may fail several times
 * @param skipped records that were given up and passed over
 * @param deadLettered records that were given up and are in the dead-letter topic
 */
public record WorkerCounts(int running, int held, long handled, long failures, long skipped, long deadLettered) {}
