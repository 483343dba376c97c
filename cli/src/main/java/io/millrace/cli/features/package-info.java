/** {@code millrace features}: the levels of a cluster's features, shown and changed. */
@NullMarked
package io.millrace.cli.features;

import org.jspecify.annotations.NullMarked;
