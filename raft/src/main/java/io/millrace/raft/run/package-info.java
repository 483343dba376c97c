/**
 * Carries out what {@link io.millrace.raft.QuorumMachine} decides, on one lane: the metadata log and its snapshots, the
 * {@code quorum-state} file, grouped forces, and the state machine that is told what is committed. The only place of this
 * room that sees disk, lane and clock; it must not know what the records mean.
 */
@NullMarked
package io.millrace.raft.run;

import org.jspecify.annotations.NullMarked;
