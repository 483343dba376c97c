/** Tests of the package of the same name. */
@NullMarked
package io.millrace.cli.dump;

import org.jspecify.annotations.NullMarked;
