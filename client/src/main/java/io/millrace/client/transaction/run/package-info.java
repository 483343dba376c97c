/**
 * Carries out what {@link io.millrace.client.transaction} decides: requests to the coordinators, and word to the sender of
 * which batches may leave. Sees the environment's interfaces only.
 */
@NullMarked
package io.millrace.client.transaction.run;

import org.jspecify.annotations.NullMarked;
