/**
 * The real environment: selector loops, sockets, file channels, clocks and threads. It promises what
 * {@link io.millrace.environment} says and nothing more, so that whatever runs here runs in the simulator too. It knows
 * nothing of Kafka.
 */
@NullMarked
package io.millrace.host;

import org.jspecify.annotations.NullMarked;
