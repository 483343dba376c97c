/** Tests of {@code io.millrace.server.controller}. */
@NullMarked
package io.millrace.server.controller;

import org.jspecify.annotations.NullMarked;
