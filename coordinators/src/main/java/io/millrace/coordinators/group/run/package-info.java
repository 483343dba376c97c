/** The group coordinator as a server uses it: one {@link io.millrace.coordinators.group.run.GroupShard} per partition. */
@NullMarked
package io.millrace.coordinators.group.run;

import org.jspecify.annotations.NullMarked;
