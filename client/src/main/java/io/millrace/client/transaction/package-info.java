/**
 * The transactions of a producer: what its coordinator is asked next, and what follows from each answer (KIP-98, KIP-360,
 * KIP-890, KIP-1050). Decides only: commands, answers and the time come in, requests to be made go out. Knows the protocol's
 * error codes; must not know connections, threads or batches.
 */
@NullMarked
package io.millrace.client.transaction;

import org.jspecify.annotations.NullMarked;
