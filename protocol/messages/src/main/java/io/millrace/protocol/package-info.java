/**
 * How Kafka's messages are written down as bytes: the primitives, the table of errors, and the two cursors
 * ({@link io.millrace.protocol.ProtocolReader}, {@link io.millrace.protocol.ProtocolWriter}) that the generated messages
 * in {@link io.millrace.protocol.messages} use.
 *
 * <p>Promises: what is read is checked against the bytes that are there before anything is allocated; what is written
 * is byte for byte what Apache Kafka 4.4.0 writes. Knows nothing of sockets, files, batches or what a message is for.
 */
@NullMarked
package io.millrace.protocol;

import org.jspecify.annotations.NullMarked;
