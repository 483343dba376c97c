/**
 * Decides who leads the metadata log and what of it is committed (KIP-595, 630, 853, 996). {@link
 * io.millrace.raft.QuorumMachine} takes events and returns actions; {@code run} carries them out. What is here knows
 * epochs, offsets, voters and the states of one replica; it must not know what the records mean, nor clock, thread, file,
 * socket, logger or dice.
 */
@NullMarked
package io.millrace.raft;

import org.jspecify.annotations.NullMarked;
