/** Tests of {@code io.millrace.server.partitions}. */
@NullMarked
package io.millrace.server.partitions;

import org.jspecify.annotations.NullMarked;
