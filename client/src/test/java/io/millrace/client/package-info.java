/** Tests of the admin façade, against scripted nodes that speak the real protocol over loopback. */
@NullMarked
package io.millrace.client;

import org.jspecify.annotations.NullMarked;
