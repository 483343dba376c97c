/** Tests of this package. */
@NullMarked
package io.millrace.client.transaction;

import org.jspecify.annotations.NullMarked;
