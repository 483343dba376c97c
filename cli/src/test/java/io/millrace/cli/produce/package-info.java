/** Tests of {@code millrace produce}. */
@NullMarked
package io.millrace.cli.produce;

import org.jspecify.annotations.NullMarked;
