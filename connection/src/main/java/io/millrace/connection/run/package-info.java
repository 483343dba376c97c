/**
 * Carries conversations out on a connection and its lane: the server's end, the client's end, and what writes frames.
 * Nothing here knows sockets or threads, only {@link io.millrace.environment}.
 */
@NullMarked
package io.millrace.connection.run;

import org.jspecify.annotations.NullMarked;
