/** {@code millrace transaction}: transactions, as their coordinators and the partitions' leaders tell of them. */
@NullMarked
package io.millrace.cli.transaction;

import org.jspecify.annotations.NullMarked;
