/**
 * Who of a classic consumer group reads which partition: what the group's leader works out before it sends SyncGroup.
 *
 * <p>Each {@link io.millrace.client.assignor.Assignor} is a function of the members and the topics, and gives the same
 * assignment as Apache Kafka's class of the same name, so that members of both kinds can share a group whoever leads it.
 * Nothing here knows sockets, time or the rest of the client.
 */
@org.jspecify.annotations.NullMarked
package io.millrace.client.assignor;
