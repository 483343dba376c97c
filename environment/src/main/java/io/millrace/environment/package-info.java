/**
 * The things code may not touch by itself: clock, randomness, disk, transport and lane. Deciding code never sees them;
 * {@code run} packages see only these interfaces; {@code host} and {@code simulator} are the only ones to implement them.
 */
@NullMarked
package io.millrace.environment;

import org.jspecify.annotations.NullMarked;
