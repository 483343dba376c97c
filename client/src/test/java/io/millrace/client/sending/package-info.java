/** Tests of this package. */
@NullMarked
package io.millrace.client.sending;

import org.jspecify.annotations.NullMarked;
