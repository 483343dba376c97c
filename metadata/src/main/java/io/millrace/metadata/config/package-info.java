/**
 * Every topic, group, broker and client-metrics property of Kafka 4.4.0 by name: its type, default, valid values and how it may be changed; and
 * which value is in force for a resource, where it came from, and what else it could have come from.
 *
 * <p>Promises: names, types and defaults are Kafka's; a refused value is refused with Kafka's error and wording; the tables are read on first use and a
 * definition is parsed when it is first asked for. Must not know: files, clocks, the metadata image. It is handed maps of strings and answers with values.
 */
@NullMarked
package io.millrace.metadata.config;

import org.jspecify.annotations.NullMarked;
