/** Tests of {@code io.millrace.server.fetch}. */
@NullMarked
package io.millrace.server.fetch;

import org.jspecify.annotations.NullMarked;
