/** Tests of the package of the same name. */
@NullMarked
package io.millrace.raft.run;

import org.jspecify.annotations.NullMarked;
