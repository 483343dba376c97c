/**
 * One framed conversation, either end: where a frame begins and ends, what its header says, in which order replies leave,
 * and how much of anything one peer may ask for. This package decides; {@link io.millrace.connection.run} touches
 * connections and lanes. It knows the request and response headers and nothing of what the requests mean.
 */
@NullMarked
package io.millrace.connection;

import org.jspecify.annotations.NullMarked;
