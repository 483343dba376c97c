/** What leaders and waiters promise. */
@NullMarked
package io.millrace.replication;

import org.jspecify.annotations.NullMarked;
