/** Tests of the package of the same name. */
@NullMarked
package io.millrace.cli.start;

import org.jspecify.annotations.NullMarked;
