/**
 * The metadata quorum over connections: the lines to the other voters, and what replicas ask of this one. Knows what replicas
 * say only as {@code io.millrace.raft} reads and writes it, and decides nothing.
 */
@NullMarked
package io.millrace.server.quorum;

import org.jspecify.annotations.NullMarked;
