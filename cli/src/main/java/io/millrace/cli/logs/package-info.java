/**
 * {@code millrace log describe}: how the logs of a running node stand with compaction; {@code log dirs} and {@code log move}: what lies in
 * the log directories of brokers, and moves between them.
 */
@NullMarked
package io.millrace.cli.logs;

import org.jspecify.annotations.NullMarked;
