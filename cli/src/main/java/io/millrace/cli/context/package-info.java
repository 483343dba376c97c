/** {@code millrace context ...}: clusters saved under names, so that they need not be said each time. */
@NullMarked
package io.millrace.cli.context;

import org.jspecify.annotations.NullMarked;
