/**
 * Which records of what was polled may be handled now, which are to be tried again and when, and how far a partition may be
 * committed, when many threads handle the records of one consumer.
 *
 * <p>Decides only: records that were polled, how handlers ended, and the time come in; records to start, partitions to pause, and
 * offsets to commit go out. {@code worker} carries it out. Must not know consumers, threads, or what a record holds.
 */
@NullMarked
package io.millrace.client.dispatch;

import org.jspecify.annotations.NullMarked;
