/**
 * Which brokers the replicas of partitions should be on, decided from where they are: plans for emptying a broker, for other brokers, for
 * another number of replicas, for an even spread. Computes only; {@link io.millrace.client.ReplicaAdmin} carries plans out.
 */
@NullMarked
package io.millrace.client.placement;

import org.jspecify.annotations.NullMarked;
