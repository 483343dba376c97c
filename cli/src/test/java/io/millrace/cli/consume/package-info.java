@NullMarked
package io.millrace.cli.consume;

import org.jspecify.annotations.NullMarked;
