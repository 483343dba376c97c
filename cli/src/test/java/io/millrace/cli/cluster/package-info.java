/** Tests of {@code millrace cluster}. */
@NullMarked
package io.millrace.cli.cluster;

import org.jspecify.annotations.NullMarked;
