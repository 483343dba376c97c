/** Tests of the package of the same name. */
@NullMarked
package io.millrace.cli.terminal;

import org.jspecify.annotations.NullMarked;
