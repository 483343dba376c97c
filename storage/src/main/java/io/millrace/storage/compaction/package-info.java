/**
 * What compaction decides: which record of a key is the last, which batches, tombstones and markers may go, which segments become
 * one. Bytes, offsets and the time come as arguments; it knows no file, disk, clock or log. {@code io.millrace.storage} carries it
 * out.
 */
@NullMarked
package io.millrace.storage.compaction;

import org.jspecify.annotations.NullMarked;
