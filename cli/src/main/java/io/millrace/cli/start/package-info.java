/**
 * {@code millrace start}: from the command line to a node that serves, and to its orderly end. On the way to ready nothing
 * is loaded that is not needed: no picocli, no formatter of directories that are formatted, no web server.
 */
@NullMarked
package io.millrace.cli.start;

import org.jspecify.annotations.NullMarked;
