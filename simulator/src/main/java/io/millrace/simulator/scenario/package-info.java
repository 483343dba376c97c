/**
 * Whole stories: one real server and its clients on the simulated environment, faults drawn from the seed, and checkers that
 * hold what was acknowledged against what is there. A story that breaks a promise ends in an {@code AssertionError} that says
 * which.
 */
@NullMarked
package io.millrace.simulator.scenario;

import org.jspecify.annotations.NullMarked;
