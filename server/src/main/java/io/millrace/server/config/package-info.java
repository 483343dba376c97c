/**
 * What a {@code server.properties} file says, checked and typed. Names, types and defaults of the properties are the
 * tables of {@code io.millrace.metadata.config}; here is what this server reads of them. Knows nothing of lanes or files.
 */
@NullMarked
package io.millrace.server.config;

import org.jspecify.annotations.NullMarked;
