/** Tests of the package of the same name; those that need a disk are with the command line, which has one. */
@NullMarked
package io.millrace.server.format;

import org.jspecify.annotations.NullMarked;
