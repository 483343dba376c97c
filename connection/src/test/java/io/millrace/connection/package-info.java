/** Tests of what decides in a conversation. */
@NullMarked
package io.millrace.connection;

import org.jspecify.annotations.NullMarked;
