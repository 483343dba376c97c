/** Tests of what a consumer fetches, as it is carried out. */
@NullMarked
package io.millrace.client.fetching.run;

import org.jspecify.annotations.NullMarked;
