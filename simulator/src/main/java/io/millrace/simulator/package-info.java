/**
 * The simulated environment: time that moves only when everybody waits, lanes that take turns, a disk that forgets what was
 * not forced, and byte streams cut at any place, all drawn from one seed. The same seed gives the same run, event by event.
 * The server's and the clients' real code runs on it; it knows nothing of {@code host}.
 */
@NullMarked
package io.millrace.simulator;

import org.jspecify.annotations.NullMarked;
