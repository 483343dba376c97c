/**
 * The committed offsets of one shard's groups, as replayed from its log: a plain store, indexed by group and by topic, with
 * the offsets of open transactions beside it. Knows nothing of members or requests.
 */
@NullMarked
package io.millrace.coordinators.group.offsets;

import org.jspecify.annotations.NullMarked;
