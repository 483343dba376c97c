/**
 * What the cluster knows: metadata records, the delta they make, and the immutable image that results (KIP-500, KIP-631).
 *
 * <p>Promises: an image never changes, so any thread may read it; the same records give the same image and the same snapshot, byte for byte; every record type of
 * 4.4.0 is kept and written back, including those that nothing here interprets. Must not know: raft, files, clocks, who asks.
 */
@NullMarked
package io.millrace.metadata;

import org.jspecify.annotations.NullMarked;
