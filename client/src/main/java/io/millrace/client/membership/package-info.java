/**
 * How a consumer is a member of a classic group: it joins, leads or follows, keeps its place by heartbeats, gives partitions up
 * and takes them on in the order that lets no two members of a generation read the same one, and leaves.
 *
 * <p>Decides only: answers of the coordinator, what the application has done and the time come in; requests to the coordinator
 * and what the application is to do go out. {@code run} carries it out. Knows the protocol's messages and the assignors; must
 * not know connections, threads, or who the coordinator is.
 */
@NullMarked
package io.millrace.client.membership;

import org.jspecify.annotations.NullMarked;
