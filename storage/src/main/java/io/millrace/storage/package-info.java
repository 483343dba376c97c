/**
 * The log of one partition, kept on a {@link io.millrace.environment.Disk} in exactly the files, names and bytes of
 * Apache Kafka 4.4.0, and the log directory that holds many of them.
 *
 * <p>Promises: a record appended is read back bit for bit at its offset; what was forced is there after a crash, and
 * what is torn is cut; damage in what was forced is reported with file, position and reason. A log belongs to one lane:
 * nothing here locks, waits or starts a thread, and what can block for long ({@link io.millrace.storage.Flush},
 * {@link io.millrace.storage.PendingDeletion}) is handed out for the owner to run elsewhere.
 *
 * <p>Must not know: clocks (time comes as arguments), sockets, lanes, replication, who leads, topics beyond their name.
 */
@NullMarked
package io.millrace.storage;

import org.jspecify.annotations.NullMarked;
