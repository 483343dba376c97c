/** Tests of {@code io.millrace.server.metrics}. */
@NullMarked
package io.millrace.server.metrics;

import org.jspecify.annotations.NullMarked;
