/**
 * Following leaders elsewhere: one stream of fetches from each lane to each broker that leads partitions whose followers are there. Writes down what
 * {@code io.millrace.replication} has decided to ask, and reads what came of it; what becomes of the logs is the followers' own affair.
 */
@NullMarked
package io.millrace.server.following;

import org.jspecify.annotations.NullMarked;
