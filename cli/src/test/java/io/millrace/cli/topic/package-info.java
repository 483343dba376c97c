/** Tests of the package of the same name. */
@NullMarked
package io.millrace.cli.topic;

import org.jspecify.annotations.NullMarked;
