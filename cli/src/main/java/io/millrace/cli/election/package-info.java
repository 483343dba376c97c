/** {@code millrace election}: other leaders for partitions. */
@NullMarked
package io.millrace.cli.election;

import org.jspecify.annotations.NullMarked;
