/** Tests of the quorum over connections: several voters on real sockets and files. */
@NullMarked
package io.millrace.server.quorum;

import org.jspecify.annotations.NullMarked;
