/**
 * One node put together: listeners, lanes, handlers, partitions, the controller and broker roles. Knows the environment only
 * through its interfaces, so it runs on a host as in the simulator.
 */
@NullMarked
package io.millrace.server;

import org.jspecify.annotations.NullMarked;
