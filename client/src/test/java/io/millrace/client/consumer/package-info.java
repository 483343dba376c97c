@NullMarked
package io.millrace.client.consumer;

import org.jspecify.annotations.NullMarked;
