/**
 * Fetch beyond the bare read: sessions (KIP-227), which remember what a client follows, and waiting across partitions until
 * there is enough to send (KIP-74's limits included).
 */
@NullMarked
package io.millrace.server.fetch;

import org.jspecify.annotations.NullMarked;
