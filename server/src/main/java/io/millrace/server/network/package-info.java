/**
 * From a listener to the handler of an API and back: which connections are let in, which API a frame asks for, and the way
 * of the answer. And the lines
 * to other nodes ({@code NodeLine}). Knows frames and connections through {@code io.millrace.connection}, and nothing of partitions.
 */
@NullMarked
package io.millrace.server.network;

import org.jspecify.annotations.NullMarked;
