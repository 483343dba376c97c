/** Tests of {@code io.millrace.server.config}. */
@NullMarked
package io.millrace.server.config;

import org.jspecify.annotations.NullMarked;
