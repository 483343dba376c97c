/**
 * Microbenchmarks of the code that every produce, fetch and metadata request runs through, and the reading of recordings
 * made under load. Nothing here is part of the program; the code that a benchmark guards names it.
 */
@NullMarked
package io.millrace.bench;

import org.jspecify.annotations.NullMarked;
