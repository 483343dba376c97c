/**
 * Runs a {@link io.millrace.coordinators.shard.ShardMachine} on one lane: loads it from its partition's log, appends what
 * it decides and replays that, holds answers until the high watermark passes what they show, and wakes it. What it needs
 * of a partition it states as {@link io.millrace.coordinators.shard.run.ShardLog} and
 * {@link io.millrace.coordinators.shard.run.ShardLoader}; it knows no request and no record kind.
 */
@NullMarked
package io.millrace.coordinators.shard.run;

import org.jspecify.annotations.NullMarked;
