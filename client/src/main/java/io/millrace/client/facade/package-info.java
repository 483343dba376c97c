/**
 * What the façades of producer and consumer have in common: properties by Kafka's names, the lane and its threads in an application,
 * the thread of its callbacks.
 */
@org.jspecify.annotations.NullMarked
package io.millrace.client.facade;
