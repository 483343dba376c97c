/**
 * Carries out what {@link io.millrace.client.sending} decides: batches of many partitions into requests to their leaders,
 * answers back to their batches, on one lane. Sees the environment's interfaces only.
 */
@NullMarked
package io.millrace.client.sending.run;

import org.jspecify.annotations.NullMarked;
