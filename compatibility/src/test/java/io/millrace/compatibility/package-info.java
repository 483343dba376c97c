/**
 * Black-box tests: a broker process on one side, programs nobody here wrote on the other.
 *
 * <p>Knows the command line of the broker, Kafka's protocol as the official client speaks it, and the clients' own
 * interfaces; knows no class of Millrace. Every suite also passes against Apache Kafka 4.4.0, which is how we know that
 * the suites are right.
 *
 * <p>Not null-marked: the official client says nothing about null, and most of what is written here is calls of it.
 */
@NullUnmarked
package io.millrace.compatibility;

import org.jspecify.annotations.NullUnmarked;
