/**
 * How offsets come to be committed for a group, and are read back: where the coordinator is, what is asked of it next, and what its
 * errors mean. Decides only; {@code run} carries it out.
 */
@org.jspecify.annotations.NullMarked
package io.millrace.client.committing;
