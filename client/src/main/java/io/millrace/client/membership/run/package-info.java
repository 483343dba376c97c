/**
 * Carries out what {@link io.millrace.client.membership} decides: requests to the coordinator over a conversation of their own,
 * and topics from the cluster's metadata, on the consumer's lane, so that heartbeats go on while the application is busy. Sees
 * the environment's interfaces only.
 */
@NullMarked
package io.millrace.client.membership.run;

import org.jspecify.annotations.NullMarked;
