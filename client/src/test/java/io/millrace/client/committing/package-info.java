/** Tests of what a consumer decides. */
@NullMarked
package io.millrace.client.committing;

import org.jspecify.annotations.NullMarked;
