/**
 * One file per API: validate, resolve, authorize, act, answer. A handler belongs to a lane and holds no partition state; what
 * concerns the cluster's metadata goes to the controller, what concerns a partition or group to the lane that owns it.
 */
@NullMarked
package io.millrace.server.handlers;

import org.jspecify.annotations.NullMarked;
