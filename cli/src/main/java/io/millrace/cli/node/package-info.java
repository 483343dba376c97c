/** {@code millrace node}: the nodes of a cluster. */
@NullMarked
package io.millrace.cli.node;

import org.jspecify.annotations.NullMarked;
