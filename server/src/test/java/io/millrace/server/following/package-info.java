@NullMarked
package io.millrace.server.following;

import org.jspecify.annotations.NullMarked;
