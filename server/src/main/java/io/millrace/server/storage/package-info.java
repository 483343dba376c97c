/**
 * The log directories of this node as its broker uses them: taken into use at start, kept in order while it runs (checkpoints,
 * retention, deletions), left clean at the end.
 */
@NullMarked
package io.millrace.server.storage;

import org.jspecify.annotations.NullMarked;
