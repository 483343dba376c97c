/**
 * The controller as this node runs it: on the metadata lane, between the quorum's log and the deciding
 * {@code io.millrace.controller}; and the way there for handlers on other lanes.
 */
@NullMarked
package io.millrace.server.controller;

import org.jspecify.annotations.NullMarked;
