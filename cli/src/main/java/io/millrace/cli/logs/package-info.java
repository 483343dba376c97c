/** {@code millrace log describe}: how the logs of a running node stand with compaction. */
@NullMarked
package io.millrace.cli.logs;

import org.jspecify.annotations.NullMarked;
