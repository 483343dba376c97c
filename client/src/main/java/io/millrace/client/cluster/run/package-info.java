/**
 * Carries out what {@link io.millrace.client.cluster} decides: one conversation with each broker that is needed, on one
 * lane, begun anew with growing pauses; metadata asked for when it is due. Sees the environment's interfaces only, so that
 * it runs on the host and in the simulator alike.
 */
@NullMarked
package io.millrace.client.cluster.run;

import org.jspecify.annotations.NullMarked;
