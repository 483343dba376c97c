/** Tests of {@code io.millrace.server.storage}. */
@NullMarked
package io.millrace.server.storage;

import org.jspecify.annotations.NullMarked;
