/** Tests of {@code millrace config}. */
@NullMarked
package io.millrace.cli.config;

import org.jspecify.annotations.NullMarked;
