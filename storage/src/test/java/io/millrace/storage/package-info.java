/** Tests of the log of one partition, on a disk in memory that can lose what was not forced. */
@NullMarked
package io.millrace.storage;

import org.jspecify.annotations.NullMarked;
