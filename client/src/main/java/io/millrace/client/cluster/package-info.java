/**
 * What a client knows of a cluster and when it asks anew: brokers, topics with their ids, partitions with their leaders.
 * Decides only: answers and the time come in, requests to be made go out. Knows the protocol's messages; must not know
 * connections, threads or what its users do with the partitions.
 */
@NullMarked
package io.millrace.client.cluster;

import org.jspecify.annotations.NullMarked;
