/**
 * The one program. {@link io.millrace.cli.Main} is its only entry: {@code start} goes straight to
 * {@code io.millrace.cli.start}, which loads nothing it does not need; every other command is parsed by picocli and lives
 * in the package named after it. Commands print results to standard output and sentences about what went wrong to
 * standard error, and end with 0 (done), 1 (refused or failed) or 2 (wrongly asked).
 */
@NullMarked
package io.millrace.cli;

import org.jspecify.annotations.NullMarked;
