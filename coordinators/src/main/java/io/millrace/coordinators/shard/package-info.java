/**
 * The shape of every coordinator: a replicated state machine that lives on one partition. A machine is asked, answers with
 * a {@link io.millrace.coordinators.shard.Decision} (records to write, answers to give), and changes what is replicated
 * only in {@link io.millrace.coordinators.shard.ShardMachine#replay}. Knows no clock, lane, log or socket; the
 * {@code run} package beside it does.
 */
@NullMarked
package io.millrace.coordinators.shard;

import org.jspecify.annotations.NullMarked;
