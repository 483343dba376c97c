/** Tests of what a consumer decides. */
@NullMarked
package io.millrace.client.fetching;

import org.jspecify.annotations.NullMarked;
