/** What the simulated environment promises, and the real rooms' code on it under crashes. */
@NullMarked
package io.millrace.simulator;

import org.jspecify.annotations.NullMarked;
