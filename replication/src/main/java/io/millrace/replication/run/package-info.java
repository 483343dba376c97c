/** Carries out what {@code io.millrace.replication} decides: appends, forces, and wakes those who wait, on the partition's lane. */
@NullMarked
package io.millrace.replication.run;

import org.jspecify.annotations.NullMarked;
