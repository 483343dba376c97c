/** Tests of the package of the same name. */
@NullMarked
package io.millrace.cli.format;

import org.jspecify.annotations.NullMarked;
