/**
 * One partition among its replicas: what its leader knows of them, how far all of them have come (the high watermark), who
 * waits for that, who is to be in sync, and how a follower comes to agree with its leader. This package decides, and holds no log, lane or clock; {@code run} carries out.
 */
@NullMarked
package io.millrace.replication;

import org.jspecify.annotations.NullMarked;
