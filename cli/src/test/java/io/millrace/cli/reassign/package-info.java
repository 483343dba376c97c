/** Tests of {@code millrace reassign}. */
@NullMarked
package io.millrace.cli.reassign;

import org.jspecify.annotations.NullMarked;
