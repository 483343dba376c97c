/**
 * Formats log directories as Kafka's storage tool does: {@code meta.properties} in each, and in the metadata log directory
 * of a controller the snapshot {@code 0-0} with the cluster's feature levels and, for a dynamic quorum, its voters. Either a
 * directory is formatted whole or it is as it was; what belongs to somebody else is left alone. Knows files and names, no
 * running server.
 */
@NullMarked
package io.millrace.server.format;

import org.jspecify.annotations.NullMarked;
