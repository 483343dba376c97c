/** Tests of {@code io.millrace.server.handlers}. */
@NullMarked
package io.millrace.server.handlers;

import org.jspecify.annotations.NullMarked;
