/**
 * The producer as applications see it: records in, deliveries out, from any number of threads, platform or virtual. Keeps
 * what those threads share (open batches, memory, who waits) and hands whole batches to one lane, where
 * {@link io.millrace.client.sending.run.SenderLane} sends them. Callbacks and futures run on a thread of their own, never
 * on the lane. Must not know what is sent in which request.
 */
@NullMarked
package io.millrace.client.producer;

import org.jspecify.annotations.NullMarked;
