/**
 * Turns Kafka's message schemas (JSON with comments, inside the published jars) into Java sources, when
 * {@code protocol/messages} is built. Knows the schema language and the names of the primitives in
 * {@code io.millrace.protocol}; is on nobody's class path at run time.
 *
 * <p>A schema that says something this generator does not know fails the build, naming file and field.
 */
@NullMarked
package io.millrace.protocol.generator;

import org.jspecify.annotations.NullMarked;
