/**
 * How a program talks to a cluster. Lives here: the admin façade ({@link io.millrace.client.Admin}), which works on the
 * caller's thread over blocking sockets, finds the node that has to answer, and asks again while the cluster says
 * "not now" and the caller's time lasts. Knows the protocol's messages; must not know the server, its files or its lanes.
 */
@NullMarked
package io.millrace.client;

import org.jspecify.annotations.NullMarked;
