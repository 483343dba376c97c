/** Tests of this package. */
@NullMarked
package io.millrace.client.producer;

import org.jspecify.annotations.NullMarked;
