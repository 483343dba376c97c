/** Tests of conversations on a wire in memory and a lane with virtual time. */
@NullMarked
package io.millrace.connection.run;

import org.jspecify.annotations.NullMarked;
