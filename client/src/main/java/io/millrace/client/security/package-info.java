/**
 * How a client's connections are protected, read from Kafka's property names. Lives here:
 * {@link io.millrace.client.security.ConnectionSecurity}, and what it needs to read stores, PEM and JAAS texts. Used by all façades; reads files.
 */
@NullMarked
package io.millrace.client.security;

import org.jspecify.annotations.NullMarked;
