/** {@code millrace tail}: the last records of topics, and those that come. */
@NullMarked
package io.millrace.cli.tail;

import org.jspecify.annotations.NullMarked;
