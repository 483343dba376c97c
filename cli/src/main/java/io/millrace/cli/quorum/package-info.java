/** {@code millrace quorum}: the metadata quorum, shown, and voters added and removed. */
@NullMarked
package io.millrace.cli.quorum;

import org.jspecify.annotations.NullMarked;
