/**
 * {@code millrace log dump}: says what is in the files of a log directory, ours or Kafka's, without a running server.
 * Reads only. Knows the formats through {@code storage}, {@code records}, {@code raft} and {@code protocol}; whatever is
 * printed is first a {@link io.millrace.cli.dump.DumpItem}, so that text and JSON say the same.
 */
@NullMarked
package io.millrace.cli.dump;

import org.jspecify.annotations.NullMarked;
