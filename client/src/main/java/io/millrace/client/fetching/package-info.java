/**
 * What a consumer reads of a partition, decided: where it stands, how it came there and whether that still fits the log
 * ({@link io.millrace.client.fetching.PartitionFetch}), what a fetch session has to be told
 * ({@link io.millrace.client.fetching.FetchSession}), and which records of fetched bytes are an application's
 * ({@link io.millrace.client.fetching.RangeReader}). No time but what is handed in, no thread, no socket.
 */
@NullMarked
package io.millrace.client.fetching;

import org.jspecify.annotations.NullMarked;
