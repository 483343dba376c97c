@NullMarked
package io.millrace.cli.filter;

import org.jspecify.annotations.NullMarked;
