/**
 * The group coordinators of this broker: one shard for each partition of {@code __consumer_offsets} that it leads, on the lane
 * that owns the partition.
 */
@NullMarked
package io.millrace.server.groups;

import org.jspecify.annotations.NullMarked;
