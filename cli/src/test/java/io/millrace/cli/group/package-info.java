/** Tests of the package of the same name. */
@NullMarked
package io.millrace.cli.group;

import org.jspecify.annotations.NullMarked;
