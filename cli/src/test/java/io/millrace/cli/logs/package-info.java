/** Tests of {@code millrace log describe}. */
@NullMarked
package io.millrace.cli.logs;

import org.jspecify.annotations.NullMarked;
