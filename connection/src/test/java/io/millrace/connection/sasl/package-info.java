@NullMarked
package io.millrace.connection.sasl;

import org.jspecify.annotations.NullMarked;
