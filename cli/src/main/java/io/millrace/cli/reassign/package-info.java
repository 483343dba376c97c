/** {@code millrace reassign}: other brokers for replicas. */
@NullMarked
package io.millrace.cli.reassign;

import org.jspecify.annotations.NullMarked;
