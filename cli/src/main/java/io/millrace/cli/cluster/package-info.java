/** {@code millrace cluster}: how a cluster is as a whole. */
@NullMarked
package io.millrace.cli.cluster;

import org.jspecify.annotations.NullMarked;
