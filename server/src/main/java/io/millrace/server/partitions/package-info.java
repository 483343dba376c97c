/**
 * The broker's partitions, dealt to its lanes: which lane owns which, what each lane holds, and reads and appends in the
 * protocol's terms. A request reaches a partition of another lane only by a task on that lane.
 */
@NullMarked
package io.millrace.server.partitions;

import org.jspecify.annotations.NullMarked;
