/** Tests of {@code io.millrace.server.network}. */
@NullMarked
package io.millrace.server.network;

import org.jspecify.annotations.NullMarked;
