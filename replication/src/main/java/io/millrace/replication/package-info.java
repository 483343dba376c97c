/**
 * One partition among its replicas: what its leader knows of them, how far all of them have come (the high watermark), and
 * who waits for that. This package decides, and holds no log, lane or clock; {@code run} carries out.
 */
@NullMarked
package io.millrace.replication;

import org.jspecify.annotations.NullMarked;
