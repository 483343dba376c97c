/** {@code millrace produce}: lines of files or of standard input become records. */
@NullMarked
package io.millrace.cli.produce;

import org.jspecify.annotations.NullMarked;
