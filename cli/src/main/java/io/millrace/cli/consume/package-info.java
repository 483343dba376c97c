/** {@code millrace consume}: records of a topic, printed. */
@NullMarked
package io.millrace.cli.consume;

import org.jspecify.annotations.NullMarked;
