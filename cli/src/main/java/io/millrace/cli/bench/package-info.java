/** {@code millrace bench ...}: how fast a cluster is, seen from here. */
@NullMarked
package io.millrace.cli.bench;

import org.jspecify.annotations.NullMarked;
