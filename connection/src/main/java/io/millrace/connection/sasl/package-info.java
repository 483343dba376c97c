/**
 * Who is at the other end: the client's side of SASL mechanisms as machines. Lives here: {@link io.millrace.connection.sasl.SaslExchange} and
 * its mechanisms, which turn what the server says into what is said next; chance arrives as an argument. Must not know how the bytes travel.
 */
@NullMarked
package io.millrace.connection.sasl;

import org.jspecify.annotations.NullMarked;
