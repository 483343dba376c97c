@NullMarked
package io.millrace.client.membership;

import org.jspecify.annotations.NullMarked;
