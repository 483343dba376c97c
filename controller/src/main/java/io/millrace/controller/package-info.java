/**
 * Decides what the cluster agrees on next: requests and heartbeats, seen against the image, become metadata records and a response (KIP-500, 631, 966).
 *
 * <p>Promises: handling a request changes nothing that is replicated; {@link io.millrace.controller.Controller#replay} is the only thing that does; the same calls
 * give the same records. Must not know: raft, threads, clocks, randomness of its own, who asked over which connection.
 */
@NullMarked
package io.millrace.controller;

import org.jspecify.annotations.NullMarked;
