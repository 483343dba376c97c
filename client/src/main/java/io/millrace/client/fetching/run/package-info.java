/**
 * Carries out what {@link io.millrace.client.fetching} decides: partitions into Fetch, ListOffsets and
 * OffsetForLeaderEpoch requests to their brokers, answers back to their partitions, on one lane. Sees the environment's
 * interfaces only.
 */
@NullMarked
package io.millrace.client.fetching.run;

import org.jspecify.annotations.NullMarked;
