/** Tests of the real environment: real threads, real loopback sockets, real files. */
@NullMarked
package io.millrace.host;

import org.jspecify.annotations.NullMarked;
