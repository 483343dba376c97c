/**
 * {@code millrace format}: formats the log directories of a node without starting it, with the options of Kafka's storage
 * tool. Only reads options and prints; the formatting itself is {@code io.millrace.server.format}.
 */
@NullMarked
package io.millrace.cli.format;

import org.jspecify.annotations.NullMarked;
