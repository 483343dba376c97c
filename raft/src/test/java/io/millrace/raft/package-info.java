/** Tests of the package of the same name. */
@NullMarked
package io.millrace.raft;

import org.jspecify.annotations.NullMarked;
