@NullMarked
package io.millrace.client.security;

import org.jspecify.annotations.NullMarked;
