/** Each benchmark once, and the commands' pure parts. */
@NullMarked
package io.millrace.bench;

import org.jspecify.annotations.NullMarked;
